package evidence

import "github.com/holdfast-mesh/holdfast/internal/clip"

// maxUnread is how many texts that were not read are listed.
const maxUnread = 32

// Unread is a text of a pod that stands elsewhere and was not read.
type Unread struct {
	Container string `json:"container"`
	How       string `json:"how"`                // valueFrom, envFrom or volume
	Variable  string `json:"variable,omitempty"` // of valueFrom; the volume's name, if it is one
	Kind      string `json:"kind"`               // Secret or ConfigMap
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// NotFound: ConfigMaps are read, and this one is not known, or not yet.
	NotFound bool `json:"notFound,omitempty"`
}

// How a pod takes texts from elsewhere.
const (
	byValueFrom = "valueFrom"
	byEnvFrom   = "envFrom"
	byVolume    = "volume"
)

// Kinds of objects that texts are taken from.
const (
	secretKind    = "Secret"
	configMapKind = "ConfigMap"
)

// String is "container cart, env REDIS_HOST: valueFrom Secret shop/redis" or
// "container cart, envFrom ConfigMap shop/app (not found)".
func (u *Unread) String() string {
	text := "container " + clip.OneLine(u.Container) + ", "
	switch u.How {
	case byValueFrom:
		text += "env " + clip.OneLine(u.Variable) + ": " + byValueFrom + " "
	case byVolume:
		text += byVolume + " " + clip.OneLine(u.Variable) + ": "
	default:
		text += u.How + " "
	}
	text += u.Kind + " "
	if u.Namespace != "" {
		text += clip.OneLine(u.Namespace) + "/"
	}
	text += clip.OneLine(u.Name)
	if u.NotFound {
		text += " (not found)"
	}
	return text
}

// notRead notes what could not be read.
func (s *scanner) notRead(how, variable, kind, name string) {
	if len(s.unread) == maxUnread {
		s.unlisted++
		return
	}
	s.unread = append(s.unread, Unread{
		Container: s.container.Name, How: how, Variable: variable, Kind: kind, Namespace: s.pod.Namespace.Name, Name: name,
		NotFound: kind == configMapKind && s.pod.ConfigMaps != nil,
	})
}
