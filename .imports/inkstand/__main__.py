"""`python -m inkstand` is `inkstand`."""

from inkstand.simulator.cli import main

main()
