package lookup

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/config/clouds"
	"go.yaml.in/yaml/v4"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
)

// callTimeout bounds one call to the cloud.
const callTimeout = time.Minute

// session is one login.
type session struct {
	client   *gophercloud.ProviderClient
	endpoint gophercloud.EndpointOpts
	profile  profile
	close    func()
}

// profile is what clouds.yaml says that no API tells.
type profile struct {
	// Private clouds are reached by private addresses, and need no floating ones.
	Private bool `yaml:"private"`
	// FloatingIPSource is None where floating addresses are not to be used.
	FloatingIPSource string `yaml:"floating_ip_source"`
}

// connect logs in; close what it returns. cloud is an entry of clouds.yaml; "" is what the environment says.
func (c *Cloud) connect(ctx context.Context) (*session, error) {
	auth, endpoint, tlsConfig, err := c.credentials()
	if err != nil {
		return nil, err
	}
	client, err := openstack.NewClient(auth.IdentityEndpoint)
	if err != nil {
		return nil, fmt.Errorf("identity service: %w", err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = tlsConfig
	client.HTTPClient = http.Client{Transport: &paced{next: transport, pace: &c.pace}, Timeout: callTimeout}
	s := &session{client: client, endpoint: endpoint, close: transport.CloseIdleConnections}
	if err = openstack.Authenticate(ctx, client, auth); err != nil {
		err = fmt.Errorf("log in at %s: %w", auth.IdentityEndpoint, err)
	} else {
		s.profile, err = readProfile(c.provider.Cloud)
	}
	if err != nil {
		s.close()
	}
	return s, err
}

func (c *Cloud) credentials() (auth gophercloud.AuthOptions, endpoint gophercloud.EndpointOpts, config *tls.Config, err error) {
	p := c.provider
	if p.Cloud == "" && os.Getenv("OS_CLOUD") == "" {
		auth, err = openstack.AuthOptionsFromEnv()
		endpoint.Region = os.Getenv("OS_REGION_NAME")
	} else {
		var opts []clouds.ParseOption
		if p.Cloud != "" {
			opts = append(opts, clouds.WithCloudName(p.Cloud))
		}
		auth, endpoint, config, err = clouds.Parse(opts...)
	}
	if err != nil {
		return auth, endpoint, nil, &driver.Refused{Err: fmt.Errorf("credentials of cloud %q: %w", p.Cloud, err)}
	}
	if p.RegionName != "" {
		endpoint.Region = p.RegionName
	}
	return auth, endpoint, config, nil
}

// readProfile reads the file that clouds.Parse reads.
func readProfile(cloud string) (profile, error) {
	if cloud == "" {
		cloud = os.Getenv("OS_CLOUD")
	}
	var file struct {
		Clouds map[string]profile `yaml:"clouds"`
	}
	for _, path := range cloudsFiles() {
		data, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		if err == nil {
			err = yaml.Unmarshal(data, &file)
		}
		if err != nil {
			return profile{}, fmt.Errorf("read %s: %w", path, err)
		}
		break
	}
	return file.Clouds[cloud], nil
}

func cloudsFiles() []string {
	if path := os.Getenv("OS_CLIENT_CONFIG_FILE"); path != "" {
		return []string{path}
	}
	config := os.Getenv("XDG_CONFIG_HOME")
	if config == "" {
		home, _ := os.UserHomeDir()
		config = filepath.Join(home, ".config")
	}
	return []string{"clouds.yaml", filepath.Join(config, "openstack", "clouds.yaml"), "/etc/openstack/clouds.yaml"}
}

// judged tells refusals from other errors.
func judged(err error) error {
	if gophercloud.ResponseCodeIs(err, http.StatusUnauthorized) || gophercloud.ResponseCodeIs(err, http.StatusForbidden) {
		return &driver.Refused{Err: err}
	}
	return err
}

// pace keeps calls apart.
type pace struct {
	every time.Duration
	mu    sync.Mutex
	free  time.Time // when the next call may begin
}

// turn takes the next place in the row and tells how long to wait for it.
func (p *pace) turn(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := now
	if p.free.After(now) {
		at = p.free
	}
	p.free = at.Add(p.every)
	return at.Sub(now)
}

// paced is a transport that keeps to a pace.
type paced struct {
	next http.RoundTripper
	pace *pace
}

func (t *paced) RoundTrip(r *http.Request) (*http.Response, error) {
	if wait := t.pace.turn(time.Now()); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	return t.next.RoundTrip(r)
}
