"""`python -m inkstand` is `inkstand`."""

from inkstand.simulator.cli import main

if __name__ == "__main__":
    main()
