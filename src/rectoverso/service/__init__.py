"""What a home answers over HTTP. So far: C2PA's Soft Binding Resolution API, which only reads."""
