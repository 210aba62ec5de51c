variable "name" {
  description = "Name of the virtual machine; its interface and addresses are called after it."
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$", var.name))
    error_message = "The name of a virtual machine has up to 61 letters, digits, dots, dashes and underscores, a letter or digit first."
  }
}

variable "computer_name" {
  description = "Host name inside of the machine; null is its name. Windows takes 15 characters at most."
  type        = string
  default     = null
}

variable "location" {
  description = "Region of the machine and of all that is made for it."
  type        = string
  validation {
    condition     = var.location != ""
    error_message = "A machine needs a location."
  }
}

variable "resource_group" {
  description = "Resource group that the machine and all that is made for it go into; it must be there."
  type        = string
  validation {
    condition     = var.resource_group != ""
    error_message = "A machine needs a resource group."
  }
}

variable "subscription_id" {
  description = "Subscription, needed where image_id is a name."
  type        = string
  default     = null
}

variable "subnet_id" {
  description = "Id of the subnet that the interface is in."
  type        = string
  validation {
    condition     = can(regex("(?i)/virtualNetworks/[^/]+/subnets/[^/]+$", var.subnet_id))
    error_message = "There is no subnet: network (or subnet-id) of the provider is not known yet, or is not the id of a subnet."
  }
}

variable "os_type" {
  description = "Family of the operating system, linux or windows: Terraform has a resource for each."
  type        = string
  default     = "linux"
  nullable    = false
  validation {
    condition     = contains(["linux", "windows"], var.os_type)
    error_message = "os_type is linux or windows."
  }
}

variable "size" {
  description = "Size of the virtual machine, such as Standard_D2s_v5."
  type        = string
  validation {
    condition     = var.size != ""
    error_message = "A machine needs a size: hardware-profile.vm-size of the label."
  }
}

variable "image_id" {
  description = "Id of the image, of a gallery's too, or the name of an image in the resource group; not looked at with image_reference."
  type        = string
  default     = null
  validation {
    condition     = var.image_id != ""
    error_message = "There is no image to boot: the label's image is not known yet."
  }
}

variable "image_reference" {
  description = "Image of the marketplace in the place of image_id; its version may be latest."
  type        = object({ publisher = string, offer = string, sku = string, version = string })
  default     = null
}

variable "admin_username" {
  description = "User that the machine is made with and logged into as."
  type        = string
  validation {
    condition     = var.admin_username != ""
    error_message = "A machine needs a user: username of the image."
  }
}

variable "admin_password" {
  description = "Password of that user."
  type        = string
  default     = null
  sensitive   = true
}

variable "generate_password" {
  description = "Whether a random password is made in the place of admin_password. Nothing gives it out."
  type        = bool
  default     = false
  nullable    = false
}

variable "ssh_key" {
  description = "SSH public key of that user; logins with a password are then off. Windows takes none."
  type        = string
  default     = null
}

variable "ipv6" {
  description = "Whether the interface has a private IPv6 address beside its IPv4 one, which Azure always wants."
  type        = bool
  default     = false
  nullable    = false
}

variable "public_ipv4" {
  description = "Whether there is a public IPv4 address."
  type        = bool
  default     = false
  nullable    = false
}

variable "public_ipv6" {
  description = "Whether there is a public IPv6 address."
  type        = bool
  default     = false
  nullable    = false
}

variable "user_data" {
  description = "Azure user data as plain text, which the machine's metadata service gives."
  type        = string
  default     = null
}

variable "custom_data" {
  description = "Azure custom data as plain text: what cloud-init gets."
  type        = string
  default     = null
}

variable "disk_size" {
  description = "Size of the OS disk in GiB; null is the image's."
  type        = number
  default     = null
  validation {
    condition     = var.disk_size == null || try(var.disk_size >= 1 && var.disk_size <= 4095, false)
    error_message = "An OS disk has 1 to 4095 GiB."
  }
}

variable "disk_type" {
  description = "Kind of the OS disk: Standard_LRS, StandardSSD_LRS, Premium_LRS, StandardSSD_ZRS or Premium_ZRS. All sizes take the default."
  type        = string
  default     = "StandardSSD_LRS"
  nullable    = false
  validation {
    condition     = contains(["Standard_LRS", "StandardSSD_LRS", "Premium_LRS", "StandardSSD_ZRS", "Premium_ZRS"], var.disk_type)
    error_message = "disk_type is Standard_LRS, StandardSSD_LRS, Premium_LRS, StandardSSD_ZRS or Premium_ZRS."
  }
}

variable "disk_caching" {
  description = "Cache of the host for the OS disk: None, ReadOnly or ReadWrite."
  type        = string
  default     = "ReadWrite"
  nullable    = false
  validation {
    condition     = contains(["None", "ReadOnly", "ReadWrite"], var.disk_caching)
    error_message = "disk_caching is None, ReadOnly or ReadWrite."
  }
}

variable "tags" {
  description = "Tags of the machine and of all that is made for it, the marks by which nodepool-tf knows its own included. Azure gives the OS disk none."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "launch_timeout" {
  description = "Seconds until the machine must be provisioned."
  type        = number
  default     = 3600
  nullable    = false
}
