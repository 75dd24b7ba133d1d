from hypothesis import settings

# Sixty examples find what these laws have found so far, in half a minute for all of them.
settings.register_profile("domain", parent=settings(), max_examples=60)
settings.load_profile("domain")
