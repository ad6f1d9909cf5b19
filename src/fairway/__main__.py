"""`python -m fairway`: the command line."""

from fairway.cli import main

if __name__ == "__main__":
    main.main()
