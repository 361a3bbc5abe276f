using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;
using Lethe.Envoy;

namespace Lethe.Proxy.Benchmarks;

/// <summary>What Envoy sends for one Messages call, as gRPC frames made once.</summary>
internal sealed class EnvoyFrames
{
    public const int OpeningMessages = 3;

    private readonly bool watching;

    public EnvoyFrames(bool watching = false)
    {
        this.watching = watching;
        var body = AgentBodies.Request(2_000, 11, stream: true);
        Opening =
        [
            .. Frame(new ProcessingRequest { RequestHeaders = Headers((":method", "POST"), (":path", "/v1/messages"), (":authority", "api.bench"), ("content-type", "application/json"), ("content-length", $"{body.Length}")) }, first: true),
            .. Frame(new ProcessingRequest { RequestBody = new HttpBody { Body = ByteString.CopyFrom(body), EndOfStream = true } }),
            .. Frame(new ProcessingRequest { ResponseHeaders = Headers((":status", "200"), ("content-type", "text/event-stream")) }),
        ];
        var text = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a few words of an answer at a time, as a model says them, about two hundred bytes\"}}\n\n";
        Event = Chunk(Encoding.UTF8.GetBytes(text));
        Last = Chunk(Encoding.UTF8.GetBytes("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"), end: true);
    }

    /// <summary>The request's headers and 2 KB body, and the response's headers.</summary>
    public byte[] Opening { get; }

    /// <summary>An event of about 200 bytes.</summary>
    public byte[] Event { get; }

    /// <summary>The last event, which ends the response.</summary>
    public byte[] Last { get; }

    public byte[] Chunk(byte[] body, bool end = false) => Frame(new ProcessingRequest { ResponseBody = new HttpBody { Body = ByteString.CopyFrom(body), EndOfStream = end } });

    private static HttpHeaders Headers(params (string Name, string Value)[] headers)
    {
        var map = new HeaderMap();
        map.Headers.AddRange(headers.Select(header => new HeaderValue { Key = header.Name, RawValue = ByteString.CopyFromUtf8(header.Value) }));
        return new HttpHeaders { Headers = map };
    }

    private byte[] Frame(ProcessingRequest message, bool first = false)
    {
        message.MetadataContext = new Metadata();
        message.ObservabilityMode = watching;
        if (first && !watching)
        {
            message.ProtocolConfig = new ProtocolConfiguration { RequestBodyMode = ProcessingMode.Types.BodySendMode.Streamed, ResponseBodyMode = ProcessingMode.Types.BodySendMode.Streamed };
        }

        var bytes = message.ToByteArray();
        var frame = new byte[5 + bytes.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), bytes.Length);
        bytes.CopyTo(frame, 5);
        return frame;
    }
}
