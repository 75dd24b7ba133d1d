"""What sellers write down: routing tables and the directory of buyers, and what is wrong in them.

Knows nothing of calls; how a table decides one is known in `routing`.
"""
