"""What tests of every part share. Never imported by the platform itself."""
