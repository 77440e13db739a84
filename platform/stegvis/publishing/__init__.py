"""The only door upwards: the disclosure policy, the frozen payload, the marks in the narrative. No person
crosses it."""
