"""What every pretend service is built with; knows nothing of any vendor and nothing of the simulator."""
