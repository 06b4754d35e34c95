package admission

import (
	"unsafe"

	"github.com/holdfast-mesh/holdfast/internal/jsonscan"
	"github.com/holdfast-mesh/holdfast/rules"
)

// decodePodReview is decodeReview for pods, in a quarter of the time for reviews as API
// servers send them. What is not as expected is left to decodeReview, to read it or to
// say what is wrong.
func decodePodReview(body []byte, heavy int) (*request[podObject], error) {
	if heavy <= maxReviewWeight {
		// Nothing writes into a body that has been read, so its texts need no copies.
		text := unsafe.String(unsafe.SliceData(body), len(body))
		if whole := scanReview(jsonscan.New(text)); whole != nil {
			return whole.Request, checkReview(whole.APIVersion, whole.Kind, whole.Request != nil)
		}
	}
	return decodeReview[podObject](body, heavy)
}

// scanReview returns nil if anything is not as expected.
func scanReview(s *jsonscan.Scanner) *review[podObject] {
	var whole review[podObject]
	for name := range s.Members {
		switch name {
		case "apiVersion":
			s.String(&whole.APIVersion)
		case "kind":
			s.String(&whole.Kind)
		case "request":
			jsonscan.Object(s, &whole.Request, scanRequest)
		default:
			s.Skip()
		}
	}
	if s.End(); s.Failed() {
		return nil
	}
	return &whole
}

func scanRequest(s *jsonscan.Scanner, r *request[podObject]) {
	for name := range s.Members {
		switch name {
		case "uid":
			s.String(&r.UID)
		case "kind":
			scanKind(s, &r.Kind)
		case "subResource":
			s.String(&r.SubResource)
		case "name":
			s.String(&r.Name)
		case "namespace":
			s.String(&r.Namespace)
		case "operation":
			s.String(&r.Operation)
		case "dryRun":
			s.Bool(&r.DryRun)
		case "object":
			start := s.Offset()
			jsonscan.Object(s, &r.Object, scanPod)
			r.size = s.Offset() - start
		default:
			s.Skip()
		}
	}
}

func scanKind(s *jsonscan.Scanner, k *groupVersionKind) {
	for name := range s.Members {
		switch name {
		case "group":
			s.String(&k.Group)
		case "version":
			s.String(&k.Version)
		case "kind":
			s.String(&k.Kind)
		default:
			s.Skip()
		}
	}
}

func scanPod(s *jsonscan.Scanner, p *podObject) {
	for name := range s.Members {
		switch name {
		case "metadata":
			jsonscan.Object(s, &p.Metadata, scanMetadata)
		case "spec":
			scanSpec(s, &p.Spec)
		default:
			s.Skip()
		}
	}
}

func scanMetadata(s *jsonscan.Scanner, m *podMetadata) {
	for name := range s.Members {
		switch name {
		case "name":
			s.String(&m.Name)
		case "generateName":
			s.String(&m.GenerateName)
		case "labels":
			s.StringMap(&m.Labels)
		case "annotations":
			s.StringMap(&m.Annotations)
		default:
			s.Skip()
		}
	}
}

func scanSpec(s *jsonscan.Scanner, p *podSpec) {
	for name := range s.Members {
		switch name {
		case "hostNetwork":
			s.Bool(&p.HostNetwork)
		case "initContainers":
			jsonscan.List(s, &p.InitContainers, scanContainer)
		case "containers":
			jsonscan.List(s, &p.Containers, scanContainer)
		case "terminationGracePeriodSeconds":
			s.Int(&p.GracePeriod)
		case "volumes":
			jsonscan.List(s, &p.Volumes, scanVolume)
		default:
			s.Skip()
		}
	}
}

func scanContainer(s *jsonscan.Scanner, c *rules.Container) {
	for name := range s.Members {
		switch name {
		case "name":
			s.String(&c.Name)
		case "command":
			s.Strings(&c.Command)
		case "args":
			s.Strings(&c.Args)
		case "envFrom":
			jsonscan.List(s, &c.EnvFrom, scanEnvFrom)
		case "env":
			jsonscan.List(s, &c.Env, scanEnvVar)
		case "volumeMounts":
			jsonscan.List(s, &c.VolumeMounts, scanVolumeMount)
		default:
			s.Skip()
		}
	}
}

func scanEnvVar(s *jsonscan.Scanner, e *rules.EnvVar) {
	for name := range s.Members {
		switch name {
		case "name":
			s.String(&e.Name)
		case "value":
			s.String(&e.Value)
		case "valueFrom":
			jsonscan.Object(s, &e.ValueFrom, scanValueFrom)
		default:
			s.Skip()
		}
	}
}

func scanValueFrom(s *jsonscan.Scanner, v *rules.ValueFrom) {
	for name := range s.Members {
		switch name {
		case "configMapKeyRef":
			scanKeyRef(s, &v.ConfigMapKeyRef)
		case "secretKeyRef":
			scanKeyRef(s, &v.SecretKeyRef)
		default:
			s.Skip()
		}
	}
}

func scanKeyRef(s *jsonscan.Scanner, k *rules.KeyRef) {
	for name := range s.Members {
		switch name {
		case "name":
			s.String(&k.Name)
		case "key":
			s.String(&k.Key)
		case "optional":
			s.Bool(&k.Optional)
		default:
			s.Skip()
		}
	}
}

func scanEnvFrom(s *jsonscan.Scanner, e *rules.EnvFrom) {
	for name := range s.Members {
		switch name {
		case "prefix":
			s.String(&e.Prefix)
		case "configMapRef":
			scanObjectRef(s, &e.ConfigMapRef)
		case "secretRef":
			scanObjectRef(s, &e.SecretRef)
		default:
			s.Skip()
		}
	}
}

func scanObjectRef(s *jsonscan.Scanner, o *rules.ObjectRef) {
	for name := range s.Members {
		switch name {
		case "name":
			s.String(&o.Name)
		case "optional":
			s.Bool(&o.Optional)
		default:
			s.Skip()
		}
	}
}

func scanVolumeMount(s *jsonscan.Scanner, m *rules.VolumeMount) {
	for name := range s.Members {
		switch name {
		case "name":
			s.String(&m.Name)
		case "subPath":
			s.String(&m.SubPath)
		default:
			s.Skip()
		}
	}
}

func scanVolume(s *jsonscan.Scanner, v *rules.Volume) {
	for name := range s.Members {
		switch name {
		case "name":
			s.String(&v.Name)
		case "configMap":
			jsonscan.Object(s, &v.ConfigMap, scanConfigMapVolume)
		case "projected":
			jsonscan.Object(s, &v.Projected, scanProjected)
		default:
			s.Skip()
		}
	}
}

func scanProjected(s *jsonscan.Scanner, p *rules.Projected) {
	for name := range s.Members {
		if name != "sources" {
			s.Skip()
			continue
		}
		jsonscan.List(s, &p.Sources, scanProjectedSource)
	}
}

func scanProjectedSource(s *jsonscan.Scanner, p *rules.ProjectedSource) {
	for name := range s.Members {
		if name != "configMap" {
			s.Skip()
			continue
		}
		jsonscan.Object(s, &p.ConfigMap, scanConfigMapVolume)
	}
}

func scanConfigMapVolume(s *jsonscan.Scanner, c *rules.ConfigMapVolume) {
	for name := range s.Members {
		switch name {
		case "name":
			s.String(&c.Name)
		case "items":
			jsonscan.List(s, &c.Items, scanKeyToPath)
		case "optional":
			s.Bool(&c.Optional)
		default:
			s.Skip()
		}
	}
}

func scanKeyToPath(s *jsonscan.Scanner, k *rules.KeyToPath) {
	for name := range s.Members {
		switch name {
		case "key":
			s.String(&k.Key)
		case "path":
			s.String(&k.Path)
		default:
			s.Skip()
		}
	}
}
