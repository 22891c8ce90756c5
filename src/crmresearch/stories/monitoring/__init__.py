"""One segmentation over successive quarters."""
