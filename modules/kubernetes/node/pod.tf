# The pod. What kubernetes_pod_v1 has an argument for is made with it; a spec or volumes, which are written as the API
# has them, go in a manifest as they are.

locals {
  namespace = var.create_namespace ? kubernetes_namespace_v1.node[0].metadata[0].name : var.namespace
  verbatim  = var.spec != null || length(var.volumes) > 0 || length(var.volume_mounts) > 0

  command = ["/bin/sh", "-c"]
  sleep   = ["while true; do sleep 30; done;"]
  grace   = 1 # second: a shell that sleeps does not hear that it is to end

  # What is not given must not be there: the API would not store a null.
  resources = { for key, v in { requests = var.requests, limits = var.limits } : key => v if length(v) > 0 }
  container = { for key, v in {
    name            = var.container
    image           = var.image
    imagePullPolicy = var.image_pull_policy
    command         = local.command
    args            = local.sleep
    env             = length(var.env) > 0 ? var.env : null
    resources       = length(local.resources) > 0 ? local.resources : null
    volumeMounts    = length(var.volume_mounts) > 0 ? var.volume_mounts : null
    securityContext = var.privileged == null ? null : { privileged = var.privileged }
  } : key => v if v != null }
  spec = { for key, v in {
    containers                    = [local.container]
    volumes                       = length(var.volumes) > 0 ? var.volumes : null
    imagePullSecrets              = length(var.image_pull_secrets) > 0 ? [for name in var.image_pull_secrets : { name = name }] : null
    nodeSelector                  = length(var.node_selector) > 0 ? var.node_selector : null
    schedulerName                 = var.scheduler_name
    restartPolicy                 = "Never"
    terminationGracePeriodSeconds = local.grace
  } : key => v if v != null }
}

resource "kubernetes_pod_v1" "node" {
  count = var.pod != null && !local.verbatim ? 1 : 0

  metadata {
    name        = var.pod
    namespace   = local.namespace
    labels      = var.labels
    annotations = merge(var.annotations, var.marks)
  }

  spec {
    restart_policy                   = "Never"
    termination_grace_period_seconds = local.grace
    node_selector                    = length(var.node_selector) == 0 ? null : var.node_selector
    scheduler_name                   = var.scheduler_name

    dynamic "image_pull_secrets" {
      for_each = var.image_pull_secrets
      content {
        name = image_pull_secrets.value
      }
    }

    container {
      name              = var.container
      image             = var.image
      image_pull_policy = var.image_pull_policy
      command           = local.command
      args              = local.sleep

      dynamic "env" {
        for_each = var.env
        content {
          name  = env.value.name
          value = env.value.value
        }
      }

      resources {
        requests = var.requests
        limits   = var.limits
      }

      dynamic "security_context" {
        for_each = var.privileged == null ? [] : [var.privileged]
        content {
          privileged = security_context.value
        }
      }
    }
  }

  timeouts {
    create = "5m"
    delete = "5m"
  }

  lifecycle {
    ignore_changes = all
  }
}

resource "kubernetes_manifest" "node" {
  count = var.pod != null && local.verbatim ? 1 : 0

  manifest = {
    apiVersion = "v1"
    kind       = "Pod"
    metadata = {
      name        = var.pod
      namespace   = local.namespace
      labels      = var.labels
      annotations = merge(var.annotations, var.marks)
    }
    # The provider takes a volume that the API adds, as with an account's token, for a fault ("wrong final value type").
    spec = merge({ automountServiceAccountToken = false },
      [for s in [var.spec, local.spec] : s if s != null][0], # a conditional wants both to be of one type
    )
  }

  # The API may write what is here in other words ("2048Mi" becomes "2Gi"), and fill in more.
  computed_fields = ["metadata.labels", "metadata.annotations", "spec"]

  wait {
    fields = { "status.phase" = "Running" }
  }

  timeouts {
    create = "5m"
    delete = "5m"
  }

  lifecycle {
    ignore_changes = all
  }
}
