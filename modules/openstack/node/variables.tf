variable "name" {
  description = "Name of the server."
  type        = string
  validation {
    condition     = var.name != ""
    error_message = "A server needs a name."
  }
}

variable "image_id" {
  description = "Id of the image that the server boots."
  type        = string
  validation {
    condition     = var.image_id != ""
    error_message = "There is no image to boot: the label's image is not known yet."
  }
}

variable "flavor_id" {
  description = "Id of the flavor, which the launcher has chosen by min-ram and flavor-name."
  type        = string
  validation {
    condition     = var.flavor_id != ""
    error_message = "There is no flavor: the cloud has none that the label asks for."
  }
}

variable "network_ids" {
  description = "Ids of the networks that the server is in, in this order; empty leaves it to the cloud."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "external_networks" {
  description = "Names of the networks whose addresses can be reached from outside: they are what is public of an address."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "security_groups" {
  description = "Security groups by name or id; empty is the project's default."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "availability_zone" {
  description = "Availability zone, which the launcher picks for all nodes of a request; empty leaves it to the cloud."
  type        = string
  default     = ""
  nullable    = false
}

variable "key_pair" {
  description = "Name of the key pair whose public key the server gets."
  type        = string
  default     = null
}

variable "user_data" {
  description = "What cloud-init gets."
  type        = string
  default     = null
}

variable "config_drive" {
  description = "Whether the server has a config drive; null leaves it to the cloud."
  type        = bool
  default     = null
}

variable "boot_from_volume" {
  description = "Whether the root disk is a new volume, which goes with the server."
  type        = bool
  default     = false
  nullable    = false
}

variable "volume_size" {
  description = "Size of that volume in GiB."
  type        = number
  default     = 50
  nullable    = false
  validation {
    condition     = var.volume_size >= 1
    error_message = "A volume has 1 GiB at least."
  }
}

variable "metadata" {
  description = "Metadata of the server, the marks by which nodepool-tf knows its own included."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "marks" {
  description = "The marks alone, for what has no metadata."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "floating_ip_pool" {
  description = "External network from which the server gets a floating IP; null for none."
  type        = string
  default     = null
}

variable "private" {
  description = "Whether the server is reached by its private address (`private: true` in clouds.yaml)."
  type        = bool
  default     = false
  nullable    = false
}

variable "cloud" {
  description = "Name of the cloud, for the node's record."
  type        = string
  default     = ""
  nullable    = false
}

variable "launch_timeout" {
  description = "Seconds until the server must be active."
  type        = number
  default     = 3600
  nullable    = false
}
