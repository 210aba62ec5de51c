variable "name" {
  description = "Name of the instance, its boot volume and its floating IP."
  type        = string
  validation {
    condition     = can(regex("^([a-z]|[a-z][-a-z0-9]{0,61}[a-z0-9])$", var.name))
    error_message = "IBM Cloud takes names of at most 63 small letters, digits and hyphens that begin with a letter."
  }
}

variable "image_id" {
  description = "Id of the image that the instance boots."
  type        = string
  validation {
    condition     = var.image_id != ""
    error_message = "There is no image to boot: the label's image is not known yet."
  }
}

variable "profile" {
  description = "Profile of the instance: its cores and memory."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region that zone is in."
  type        = string
  nullable    = false
}

variable "zone" {
  description = "Zone of the instance, which is the subnet's."
  type        = string
  nullable    = false
}

variable "vpc_id" {
  description = "Id of the VPC that the subnet is in."
  type        = string
  nullable    = false
}

variable "subnet_id" {
  description = "Id of the subnet of the only network interface, eth0."
  type        = string
  nullable    = false
}

variable "resource_group_id" {
  description = "Id of the resource group that all is made in. By its name (np_PROVIDER_POOL) nodepool-tf knows its own."
  type        = string
  nullable    = false
}

variable "key_ids" {
  description = "Ids of the SSH keys that the instance gets."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "user_data" {
  description = "What cloud-init gets."
  type        = string
  default     = null
}

variable "public_ipv4" {
  description = "Whether the instance gets a floating IP."
  type        = bool
  default     = false
  nullable    = false
}

variable "tags" {
  description = "Tags of all that is made, as user tags key:value in lower case. Characters that IBM Cloud does not allow become hyphens."
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
