package admission

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/internal/jsonscan"
)

func scanned(body string) *review[podObject] { return scanReview(jsonscan.New(body)) }

// compareWithDecoder fails where a scan says anything else than the decoder of the
// library, of a text that is JSON.
func compareWithDecoder(t *testing.T, body string) {
	t.Helper()
	got := scanned(body)
	if got == nil || got.Request == nil || !strict(body) {
		return
	}
	if checkReview(got.APIVersion, got.Kind, true) != nil {
		return
	}
	want, err := decodeReview[podObject]([]byte(body), 0)
	if err != nil || want.unread != nil {
		t.Fatalf("the decoder says %v, %v, and the scan nothing: %s", err, want, clip.Text(body, 2000))
	}
	got.Request.size = want.size // about
	if diff := cmp.Diff(want, got.Request, cmp.AllowUnexported(request[podObject]{})); diff != "" {
		t.Fatalf("-decoder +scan:\n%s\nof %s", diff, clip.Text(body, 2000))
	}
}

// FuzzScanReview: the scan of a review is what the library decodes.
func FuzzScanReview(f *testing.F) {
	for _, body := range seeds() {
		f.Add(body)
	}
	f.Add(fullReview(f))
	f.Fuzz(compareWithDecoder)
}

// fill gives every field of a value something else than nothing.
func fill(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), name+"."+v.Type().Field(i).Name)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), fmt.Sprint(name, i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("k"+name), reflect.ValueOf(name))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int64:
		v.SetInt(int64(len(name)))
	case reflect.String:
		v.SetString(name)
	default:
		panic("a kind of field that is new: " + v.Kind().String())
	}
}

// fullReview has all that is read.
func fullReview(t testing.TB) string {
	t.Helper()
	var whole review[podObject]
	fill(reflect.ValueOf(&whole).Elem(), "")
	whole.APIVersion, whole.Kind = reviewAPIVersion, reviewKind
	text, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// No field is forgotten: neither where it is scanned nor, by that, where it is said.
func TestScanReadsEveryField(t *testing.T) {
	body := fullReview(t)
	if scanned(body) == nil {
		t.Fatalf("nothing scanned of %s", body)
	}
	compareWithDecoder(t, body)
}

// What API servers send is scanned, and not left to the slower way; what is odd is left to
// it, and never misread.
func TestScanReview(t *testing.T) {
	good := reviewOf(`{"metadata":{"name":"cart","labels":{"a":"b"}},"spec":{"hostNetwork":true,"terminationGracePeriodSeconds":30,"containers":[{"name":"c","env":[{"name":"A","value":"b"}]}]}}`)
	odd := func(old, replacement string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("no %s in %s", old, good)
		}
		return strings.Replace(good, old, replacement, 1)
	}
	for _, test := range []struct {
		name, body string
		scanned    bool
	}{
		{"13 KB", bigReview(), true},
		{"58 KB", fatReview(), true},
		{"indented", strings.NewReplacer("{", "{\n\t ", ":", " : ", ",", " ,\r\n").Replace(good), true},
		{"escapes", odd(`"b"`, `"\u00e9\"\\\ud83d\ude00\n"`), true},
		{"escapes in a name", odd(`"A"`, `"A"`[:1]+`\u0041"`), true},
		{"UTF-8", odd(`"b"`, `"é😀"`), true},
		{"missing values", odd(`"hostNetwork":true`, `"hostNetwork":null,"volumes":null`), true},
		{"no pod", reviewOf(`null`), true},
		{"what nobody asks for", odd(`"hostNetwork"`, `"x":{"a":["}",{"b":"\\\"]"}],"c":-1.5e+3},"y":[],"z":{},"hostNetwork"`), true},

		{"a name twice", odd(`"name":"cart"`, `"name":"cart","name":"x"`), false},
		{"a label twice", odd(`"a":"b"`, `"a":"b","a":"c"`), false},
		{"metadata twice", odd(`"metadata"`, `"metadata":{},"metadata"`), false},
		{"a list twice", odd(`"env":`, `"env":[{}],"env":`), false},
		{"true twice", odd(`"hostNetwork":true`, `"hostNetwork":true,"hostNetwork":false`), false},
		{"a number twice", odd(`Seconds":30`, `Seconds":30,"terminationGracePeriodSeconds":31`), false},
		{"a map twice", odd(`"labels":`, `"labels":{},"labels":`), false},
		{"a number for a text", odd(`"b"`, `1`), false},
		{"a text for a number", odd(`:30`, `:"30"`), false},
		{"half a second", odd(`:30`, `:30.5`), false},
		{"a text for a list", odd(`[{"name":"A","value":"b"}]`, `"x"`), false},
		{"an object for a list", odd(`[{"name":"A","value":"b"}]`, `{}`), false},
		{"a text for true", odd(`:true`, `:"true"`), false},
		{"broken UTF-8", odd(`"b"`, "\"\xff\""), false},
		{"a bare line break", odd(`"b"`, "\"\n\""), false},
		{"half a character", odd(`"b"`, `"\ud83d"`), false},
		{"an unknown escape", odd(`"b"`, `"\x"`), false},
		{"a comma too many", odd(`"b"}`, `"b",}`), false},
		{"a comma too few", odd(`"A",`, `"A"`), false},
		{"no colon", odd(`"name":"A"`, `"name" "A"`), false},
		{"an open text", good[:strings.LastIndexByte(good, '"')], false},
		{"something behind it", good + "{}", false},
		{"nothing", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := scanned(test.body) != nil; got != test.scanned {
				t.Errorf("got scanned %v, want %v: %s", got, test.scanned, clip.Text(test.body, 1000))
			}
			compareWithDecoder(t, test.body)
		})
	}
	// However it is cut off, it is seen.
	for i := range len(good) {
		if scanned(good[:i]) != nil {
			t.Errorf("scanned the first %d bytes of a review of %d", i, len(good))
		}
	}
	if got := scanned(good).Request.size; got != len(objectOf(t, good)) {
		t.Errorf("got a pod of %d bytes, want %d", got, len(objectOf(t, good)))
	}
}
