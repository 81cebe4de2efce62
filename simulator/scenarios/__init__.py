"""Stories of calls and expectations, played over HTTP: a client that knows addresses and no room of the simulator."""
