"""Making pictures: data, nets, systems, training and sampling. Never imports ``verso``."""
