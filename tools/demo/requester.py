"""Send requests one after another, each on a connection of its own.

usage: requester.py ADDRESS PORT COUNT; prints one JSON answer per line.
"""

import http.client
import sys


def main() -> int:
    address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    for number in range(count):
        connection = http.client.HTTPConnection(address, port, timeout=10)
        connection.request("GET", "/")
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        if answer.status != 200:
            print(
                f"request {number + 1}: HTTP {answer.status}: {body}",
                file=sys.stderr,
            )
            return 1
        print(body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
