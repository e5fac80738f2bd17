"""The frame around the pages: navigation, session state, caches, controls, messages."""
