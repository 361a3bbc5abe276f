using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Lethe.Envoy;
using BodyMode = Lethe.Envoy.ProcessingMode.Types.BodySendMode;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>Messages as Envoy sends them: headers in <c>raw_value</c>, metadata on every one, the protocol's configuration on a blocking stream's first.</summary>
internal static class Messages
{
    public static ProcessingRequest RequestHeaders(bool end = false, string path = "/v1/messages", string method = "POST", params (string Name, string Value)[] more) =>
        Envoy(new ProcessingRequest { RequestHeaders = Headers(end, [(":authority", "api.test"), (":path", path), (":method", method), (":scheme", "http"), .. more]) });

    public static ProcessingRequest ResponseHeaders(int status = 200, bool end = false, params (string Name, string Value)[] more) =>
        Envoy(new ProcessingRequest { ResponseHeaders = Headers(end, [(":status", $"{status}"), .. more]) });

    public static ProcessingRequest RequestBody(ReadOnlySpan<byte> body, bool end = false) =>
        Envoy(new ProcessingRequest { RequestBody = new HttpBody { Body = ByteString.CopyFrom(body), EndOfStream = end } });

    public static ProcessingRequest RequestBody(string body, bool end = false) => RequestBody(Encoding.UTF8.GetBytes(body), end);

    public static ProcessingRequest ResponseBody(ReadOnlySpan<byte> body, bool end = false) =>
        Envoy(new ProcessingRequest { ResponseBody = new HttpBody { Body = ByteString.CopyFrom(body), EndOfStream = end } });

    public static ProcessingRequest ResponseBody(string body, bool end = false) => ResponseBody(Encoding.UTF8.GetBytes(body), end);

    public static ProcessingRequest RequestTrailers(params (string Name, string Value)[] trailers) =>
        Envoy(new ProcessingRequest { RequestTrailers = new HttpTrailers { Trailers = Map(trailers) } });

    public static ProcessingRequest ResponseTrailers(params (string Name, string Value)[] trailers) =>
        Envoy(new ProcessingRequest { ResponseTrailers = new HttpTrailers { Trailers = Map(trailers) } });

    public static ProcessingRequest Watching(this ProcessingRequest message)
    {
        message.ObservabilityMode = true;
        return message;
    }

    public static ProcessingRequest In(this ProcessingRequest message, BodyMode request, BodyMode response)
    {
        message.ProtocolConfig = new ProtocolConfiguration { RequestBodyMode = request, ResponseBodyMode = response };
        return message;
    }

    public static ProcessingRequest Telling(this ProcessingRequest message, params (string Name, Value Value)[] attributes)
    {
        var values = new Struct();
        foreach (var (name, value) in attributes)
        {
            values.Fields[name] = value;
        }

        message.Attributes["envoy.filters.http.ext_proc"] = values;
        return message;
    }

    public static HttpHeaders Headers(bool end, params (string Name, string Value)[] headers) => new() { Headers = Map(headers), EndOfStream = end };

    private static HeaderMap Map((string Name, string Value)[] headers)
    {
        var map = new HeaderMap();
        map.Headers.AddRange(headers.Select(header => new HeaderValue { Key = header.Name, RawValue = ByteString.CopyFromUtf8(header.Value) }));
        return map;
    }

    private static ProcessingRequest Envoy(ProcessingRequest message)
    {
        message.MetadataContext = new Metadata();
        return message;
    }
}
