"""The parts of a path diagram: what is drawn, how it is lettered, where it stands, how its arrows run."""
