"""What a run writes down: values, figures, parameters, provenance, machine."""
