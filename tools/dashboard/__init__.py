"""Files of the Horizon plugin that are made out of others."""
