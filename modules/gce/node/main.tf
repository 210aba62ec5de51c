# One instance. What is looked up (the newest image of a family) comes as a link: a later answer must not change an
# instance that a job uses. For the same reason nothing is ever updated.

resource "google_compute_instance" "node" {
  name         = var.name
  machine_type = var.machine_type
  zone         = var.zone
  metadata     = var.metadata

  boot_disk {
    auto_delete = true
    initialize_params {
      image = var.image_id
      type  = var.disk_type
      size  = var.disk_size
    }
  }

  network_interface {
    network    = var.subnetwork == null ? var.network : null
    subnetwork = var.subnetwork
    access_config {} # an external address, whichever of its addresses Zuul is told
  }

  timeouts {
    create = "${var.launch_timeout + 60}s" # the launcher's own deadline comes first
    delete = "10m"
  }

  lifecycle {
    ignore_changes = all
  }
}
