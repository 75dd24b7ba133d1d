"""A carrier to try callrouter with: it places calls, signs webhooks, runs TwiML, keeps the truth.

It is a separate party. It knows HTTP, an account's SID and token, the numbers with their URLs and
a cast of phones; of callrouter it knows nothing.
"""
