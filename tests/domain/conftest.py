from hypothesis import settings

# Sixty examples find what these laws have found so far, in half a minute for all of them; and a
# machine that is shared may be slow for a moment, which is no failure of the domain's.
settings.register_profile("domain", parent=settings(), max_examples=60, deadline=None)
settings.load_profile("domain")
