import os
import ssl
import stat
import uuid

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from oslo_config import cfg

import servicevm.pki
from servicevm import clock, conf, pki
from servicevm.pki import _authority, _store
from servicevm.pki._authority import new_root
from tests.unit.pki.test_authority import make_csr


@pytest.fixture
def configured(tmp_path):
    found = conf.register(cfg.ConfigOpts())
    found([], project="servicevm", default_config_files=[])
    found.set_override("state_dir", str(tmp_path))
    return found


def test_the_public_names_are_these():
    assert servicevm.pki.__all__ == [
        "Authority",
        "Leaf",
        "RelayCertificate",
        "authority",
        "csr_key",
        "device_uri",
        "ensure",
        "ensure_authority",
        "export_relay",
        "relay_certificate",
        "relay_context",
        "relay_file_certificate",
        "relay_file_context",
        "relay_uri",
    ]


def test_files_are_for_the_owner_only(configured, tmp_path):
    os.umask(os.umask(0))
    pki.ensure(configured)
    folder = tmp_path / "pki"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()}
    assert modes == {
        "authority.pem": 0o600,
        "relay-local.pem": 0o600,
        "lock": 0o600,
    }


def test_what_is_there_stays(configured, tmp_path):
    pki.ensure(configured)
    folder = tmp_path / "pki"
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    pki.ensure(configured)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


@pytest.mark.parametrize("written", [0, 1, 2])
def test_killed_while_it_makes_the_folder_it_goes_on(
    configured, tmp_path, monkeypatch, written
):
    class Killed(BaseException):
        pass

    left = written
    replace = _store.Path.replace

    def dies(self, target):
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(_store.Path, "replace", dies)
        if written < 2:
            with pytest.raises(Killed):
                pki.ensure(configured)
        else:
            pki.ensure(configured)
    pki.ensure(configured)
    pki.relay_context(configured)
    assert not list((tmp_path / "pki").glob("*.new"))


def test_another_relay_name_gets_its_own_certificate(configured, tmp_path):
    pki.ensure(configured)
    configured.set_override("name", "edge", group="relay")
    pki.ensure(configured)
    assert (tmp_path / "pki" / "relay-edge.pem").exists()


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b"])
def test_a_relay_name_cannot_leave_the_folder(configured, tmp_path, name):
    with pytest.raises(ValueError, match="not a name"):
        pki.export_relay(configured, name, tmp_path / "relay")
    assert not (tmp_path / "relay").exists()


def test_a_relay_elsewhere_gets_three_files_and_no_ca_key(
    configured, tmp_path
):
    folder = tmp_path / "edge"
    written = pki.export_relay(configured, "edge", folder)
    assert sorted(path.name for path in written) == [
        "ca.pem",
        "certificate.pem",
        "key.pem",
    ]
    for path in written:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    authority = (tmp_path / "pki" / "authority.pem").read_text()
    key = authority.partition("-----BEGIN CERTIFICATE")[0]
    assert not any(key in path.read_text() for path in written)
    assert not (tmp_path / "pki" / "relay-edge.pem").exists()


def test_a_relay_elsewhere_serves_with_them(configured, tmp_path):
    pki.export_relay(configured, "edge", tmp_path)
    context = pki.relay_file_context(configured)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3
    (own,) = x509.load_pem_x509_certificates(
        (tmp_path / "certificate.pem").read_bytes()
    )
    names = own.extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    ).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [
        "spiffe://local/relay/edge",
        "spiffe://local/relay-group/default",
    ]


def test_a_certificate_of_another_relay_group_serves_nobody(
    configured, tmp_path
):
    pki.export_relay(configured, "edge", tmp_path, "blue")
    with pytest.raises(ValueError, match=r"relay group blue.*is default"):
        pki.relay_file_certificate(configured)
    configured.set_override("group", "blue", group="relay")
    held = pki.relay_file_certificate(configured)
    first = held.context
    # Nor does one that comes into its place.
    pki.export_relay(configured, "edge", tmp_path, "red")
    assert not held.look()
    assert held.context is first


def test_a_certificate_older_than_relay_groups_serves_and_is_warned_of(
    configured, tmp_path, caplog, monkeypatch
):
    with monkeypatch.context() as older:
        older.setattr(
            _authority,
            "relay_group_uri",
            lambda deployment, group: f"spiffe://{deployment}/relay/edge",
        )
        pki.export_relay(configured, "edge", tmp_path)
    pki.relay_file_context(configured)
    assert not caplog.records
    configured.set_override("group", "blue", group="relay")
    pki.relay_file_context(configured)
    (record,) = caplog.records
    assert "--group blue" in record.getMessage()


@pytest.mark.parametrize("group", ["", "../x", "a/b", "a b", "a\n"])
def test_a_relay_groups_name_is_one(configured, tmp_path, group):
    with pytest.raises(ValueError, match="not a name"):
        pki.export_relay(configured, "edge", tmp_path / "relay", group)
    assert not (tmp_path / "relay").exists()


def test_another_group_of_the_relay_beside_the_ca_is_certified(
    configured, tmp_path
):
    pki.ensure(configured)
    configured.set_override("group", "blue", group="relay")
    pki.ensure(configured)
    own = x509.load_pem_x509_certificate(
        (tmp_path / "pki" / "relay-local.pem").read_bytes()
    )
    names = own.extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    ).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [
        "spiffe://local/relay/local",
        "spiffe://local/relay-group/blue",
    ]


def test_an_old_relay_certificate_is_made_anew(configured, tmp_path):
    pki.ensure(configured)
    path = tmp_path / "pki" / "relay-local.pem"
    old = pki.Authority(
        (tmp_path / "pki" / "authority.pem").read_bytes(),
        "",
        deployment_id="local",
        leaf_days=1,
        now=lambda: clock.now_us() - 300 * 86_400 * clock.SECOND,
    ).issue_relay("local")
    path.write_bytes(old)
    pki.ensure(configured)
    assert path.read_bytes() != old


def test_the_bundle_takes_more_roots_for_a_roll_over(configured, tmp_path):
    pki.ensure(configured)
    other = x509.load_pem_x509_certificate(new_root("old", clock.now_us()))
    (tmp_path / "pki" / "trusted.pem").write_bytes(
        other.public_bytes(serialization.Encoding.PEM)
    )
    bundle = pki.authority(configured).ca_bundle
    assert len(x509.load_pem_x509_certificates(bundle.encode())) == 2
    assert "PRIVATE" not in bundle


def shake(server, client):
    """Drive a TLS handshake in memory; return both sides."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        server.wrap_bio(to_server, to_client, server_side=True),
        client.wrap_bio(to_client, to_server),
    ]
    waiting = list(ends)
    for _ in range(10):
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                continue
        if not waiting:
            return ends
    raise AssertionError("the handshake did not end")


def client_context(bundle, alpn):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=bundle)
    context.set_alpn_protocols([alpn])
    return context


def certified(issuer, device_id, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = issuer.sign(make_csr(key), device_id)
    path = tmp_path / f"{leaf.serial}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + leaf.certificate.encode()
    )
    return leaf, path


def test_a_device_and_the_relay_know_each_other(configured, tmp_path):
    pki.ensure(configured)
    issuer = pki.authority(configured)
    device_id = str(uuid.uuid4())
    leaf, path = certified(issuer, device_id, tmp_path)
    client = client_context(issuer.ca_bundle, "svm/1")
    client.load_cert_chain(path)
    server, agent = shake(pki.relay_context(configured), client)
    assert agent.version() == "TLSv1.3"
    assert server.selected_alpn_protocol() == "svm/1"
    seen = x509.load_der_x509_certificate(server.getpeercert(True))
    assert format(seen.serial_number, "x") == leaf.serial
    assert server.getpeercert()["subjectAltName"] == (
        ("URI", f"spiffe://local/device/{device_id}"),
    )
    assert agent.getpeercert()["subjectAltName"][:1] == (
        ("URI", "spiffe://local/relay/local"),
    )


def test_without_a_certificate_one_can_only_enrol(configured):
    pki.ensure(configured)
    client = client_context(pki.authority(configured).ca_bundle, "svm-enrol/1")
    server, _ = shake(pki.relay_context(configured), client)
    assert server.selected_alpn_protocol() == "svm-enrol/1"
    assert server.getpeercert(True) is None


def test_a_foreign_certificate_is_turned_away(configured, tmp_path):
    pki.ensure(configured)
    foreign = pki.Authority(
        new_root("local", clock.now_us()),
        "",
        deployment_id="local",
        leaf_days=1,
    )
    _, path = certified(foreign, str(uuid.uuid4()), tmp_path)
    client = client_context(pki.authority(configured).ca_bundle, "svm/1")
    client.load_cert_chain(path)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(pki.relay_context(configured), client)


def test_a_device_cannot_pose_as_a_relay(configured, tmp_path):
    pki.ensure(configured)
    issuer = pki.authority(configured)
    _, path = certified(issuer, str(uuid.uuid4()), tmp_path)
    posing = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    posing.load_cert_chain(path)
    client = client_context(issuer.ca_bundle, "svm/1")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(posing, client)
