package reconciler

// Paths of protocol.md 1.2.
const (
	requestsPath     = "/nodepool/requests"
	requestLocksPath = "/nodepool/requests-lock"
	nodesPath        = "/nodepool/nodes"
	imagesPath       = "/nodepool/images"
	componentsPath   = "/nodepool/components"
)

func requestPath(id string) string     { return requestsPath + "/" + id }
func requestLockPath(id string) string { return requestLocksPath + "/" + id }
func nodePath(id string) string        { return nodesPath + "/" + id }
func nodeLockPath(id string) string    { return nodesPath + "/" + id + "/lock" }
