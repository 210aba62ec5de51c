variable "name" {
  description = "Name of the instance: its tag Name."
  type        = string
  validation {
    condition     = var.name != ""
    error_message = "An instance needs a name."
  }
}

variable "image_id" {
  description = "Id of the AMI that the instance boots."
  type        = string
  validation {
    condition     = var.image_id != ""
    error_message = "There is no AMI to boot: the label's image is not known yet."
  }
}

variable "root_device" {
  description = "Name of the AMI's root device, which a fleet must be told."
  type        = string
  default     = "/dev/sda1"
  nullable    = false
}

variable "instance_type" {
  description = "Instance type; null for a fleet, which chooses one."
  type        = string
  default     = null
}

variable "fleet" {
  description = "Types that an instant fleet chooses the instance's from, and the strategy it chooses by, in the words of the EC2 API; null for an instance of one type."
  type        = object({ instance_types = list(string), allocation_strategy = string })
  default     = null
  validation {
    condition     = var.fleet == null || try(length(var.fleet.instance_types), 0) > 0
    error_message = "A fleet needs instance types to choose from."
  }
}

variable "sizes" {
  description = "What a node of each instance type counts for in quotas, by type: how a fleet's choice is told to the launcher."
  type        = map(map(number))
  default     = {}
  nullable    = false
}

variable "spot" {
  description = "Whether the instance is a one-time spot instance, terminated when EC2 takes it back."
  type        = bool
  default     = false
  nullable    = false
}

variable "dedicated_host" {
  description = "Whether a dedicated host is allocated for this instance alone; needs availability_zone."
  type        = bool
  default     = false
  nullable    = false
}

variable "availability_zone" {
  description = "Availability zone; null leaves it to EC2, or to the subnet."
  type        = string
  default     = null
}

variable "subnet_id" {
  description = "Subnet of the first network interface; null is one of the default VPC."
  type        = string
  default     = null
}

variable "security_group_id" {
  description = "Security group; null is the VPC's default group."
  type        = string
  default     = null
}

variable "public_ipv4" {
  description = "Whether the instance gets a public IPv4 address; null leaves it to the subnet."
  type        = bool
  default     = null
}

variable "public_ipv6" {
  description = "Whether the instance gets an IPv6 address."
  type        = bool
  default     = false
  nullable    = false
}

variable "key_name" {
  description = "Name of the key pair whose public key the instance gets."
  type        = string
  default     = null
}

variable "instance_profile" {
  description = "Name of the IAM instance profile."
  type        = string
  default     = null
}

variable "http_tokens" {
  description = "Whether the metadata service wants session tokens (IMDSv2): optional or required; null is what the AMI says."
  type        = string
  default     = null
  validation {
    condition     = var.http_tokens == null || contains(["optional", "required"], coalesce(var.http_tokens, "optional"))
    error_message = "http_tokens is optional or required."
  }
}

variable "ebs_optimized" {
  description = "Whether the instance is EBS-optimized; false leaves it to the instance type."
  type        = bool
  default     = false
  nullable    = false
}

variable "root_volume" {
  description = "Type, size in GiB, IOPS and throughput in MiB/s of the root volume; what is left out is as in the AMI, but that IOPS or throughput without a type make a gp3 one."
  type = object({
    type       = optional(string)
    size       = optional(number)
    iops       = optional(number)
    throughput = optional(number)
  })
  default  = {}
  nullable = false
}

variable "user_data" {
  description = "What cloud-init gets, as plain text."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the instance, its volumes and all that is made for it, the marks by which nodepool-tf knows its own included."
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
