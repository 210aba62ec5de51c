variable "name" {
  description = "Name of the instance, which no other in the zone may have."
  type        = string
  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", var.name))
    error_message = "The name of an instance has 63 lower case letters, digits and dashes at most, a letter first and no dash last."
  }
}

variable "image_id" {
  description = "Image that the instance boots: a link such as projects/debian-cloud/global/images/debian-12-bookworm-v20260101, or the name of one in the project."
  type        = string
  validation {
    condition     = var.image_id != ""
    error_message = "There is no image to boot: the label's image is not known yet."
  }
}

variable "machine_type" {
  description = "Machine type."
  type        = string
  validation {
    condition     = var.machine_type != ""
    error_message = "An instance needs a machine type."
  }
}

variable "zone" {
  description = "Zone; null is the provider's."
  type        = string
  default     = null
}

variable "disk_type" {
  description = "Type of the boot disk, such as pd-ssd."
  type        = string
  default     = "pd-standard"
  nullable    = false
}

variable "disk_size" {
  description = "Size of the boot disk in GiB."
  type        = number
  default     = 10
  nullable    = false
  validation {
    condition     = var.disk_size >= 1
    error_message = "A boot disk has 1 GiB at least."
  }
}

variable "network" {
  description = "Network that the instance is in."
  type        = string
  default     = "default"
  nullable    = false
}

variable "subnetwork" {
  description = "Subnetwork, which a network in custom mode needs; it says the network, too. Null leaves it to the network."
  type        = string
  default     = null
}

variable "metadata" {
  description = "Metadata of the instance: ssh-keys, and the marks by which nodepool-tf knows its own. A label of GCE could not hold them: it has 63 lower case letters, digits, _ and - at most."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "launch_timeout" {
  description = "Seconds until the instance must run."
  type        = number
  default     = 3600
  nullable    = false
}
