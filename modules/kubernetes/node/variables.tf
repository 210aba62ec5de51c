variable "namespace" {
  description = "Name of the namespace (in OpenShift, of the project) that the node is or is in."
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "A namespace is called with up to 63 lower case letters, digits and dashes."
  }
}

variable "create_namespace" {
  description = "Whether the namespace is the node's own. Otherwise it is there, and the pod alone is made."
  type        = bool
  default     = true
  nullable    = false
}

variable "cluster_role" {
  description = "Cluster role that Zuul's account has in the namespace; null for a role made there: with a pod to look at it and to run commands in it, without one to do as it likes."
  type        = string
  default     = null
}

variable "pod" {
  description = "Name of the pod; null for an empty namespace."
  type        = string
  default     = null
}

variable "container" {
  description = "Name of the pod's container."
  type        = string
  default     = "node"
  nullable    = false
}

variable "labels" {
  description = "Labels of namespace and pod, those by which nodepool-tf knows its own included."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "annotations" {
  description = "Annotations of the pod."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "marks" {
  description = "For what the node was made, as annotations of namespace and pod."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "image" {
  description = "Image of the container, which must have /bin/sh."
  type        = string
  default     = null
}

variable "image_pull_policy" {
  description = "IfNotPresent, Always or Never."
  type        = string
  default     = "IfNotPresent"
  nullable    = false
}

variable "image_pull_secrets" {
  description = "Names of secrets of the namespace with which the image is pulled."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "requests" {
  description = "Resources that the container asks for, as Kubernetes writes amounts."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "limits" {
  description = "Resources that the container may use."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "env" {
  description = "Environment of the container, in order."
  type        = list(object({ name = string, value = string }))
  default     = []
  nullable    = false
}

variable "node_selector" {
  description = "Labels of the cluster's nodes that the pod may run on."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "scheduler_name" {
  description = "Scheduler of the pod; null for the cluster's."
  type        = string
  default     = null
}

variable "privileged" {
  description = "Whether the container is privileged; null to say nothing about it."
  type        = bool
  default     = null
}

variable "volumes" {
  description = "Volumes of the pod, as in the Kubernetes API. With any the pod is made as a manifest."
  type        = any
  default     = []
  nullable    = false
}

variable "volume_mounts" {
  description = "Volume mounts of the container, as in the Kubernetes API. With any the pod is made as a manifest."
  type        = any
  default     = []
  nullable    = false
}

variable "spec" {
  description = "Spec of the pod, as in the Kubernetes API, in place of all that makes one; null for none."
  type        = any
  default     = null
}

variable "host" {
  description = "URL of the cluster's API, for Zuul."
  type        = string
  nullable    = false
  validation {
    condition     = var.host != ""
    error_message = "The URL of the cluster's API is not known: the launcher found no cluster in the kubeconfig."
  }
}

variable "skip_tls" {
  description = "Whether Zuul is to trust any certificate of the API."
  type        = bool
  default     = false
  nullable    = false
}

variable "ca_crt" {
  description = "Certificate authority of the API in base64, for Zuul; null for the one that the cluster tells its service accounts."
  type        = string
  default     = null
}

variable "token" {
  description = "Token that Zuul gets where the namespace is not the node's own."
  type        = string
  default     = null
  sensitive   = true
}

variable "context" {
  description = "Context of the kubeconfig, for the node's record."
  type        = string
  default     = ""
  nullable    = false
}
