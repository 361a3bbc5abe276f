using System.Buffers;
using Google.Protobuf;
using Lethe.Capture.Exchanges;
using Lethe.Envoy;
using Lethe.Proxy.ExtProc.Policies;
using Lethe.Proxy.ExtProc.Wire;

namespace Lethe.Proxy.ExtProc;

/// <summary>
/// What one stream says of its call, on the way into an <see cref="ExchangeBuilder"/>. It runs after the answers have left,
/// copies what it is given, and never waits.
/// </summary>
internal sealed class StreamCapture(Func<ExchangeHead, ExchangeBuilder> begin, RouteLookup route)
{
    private readonly EnvoyAttributes attributes = new();
    private ExchangeBuilder? exchange;
    private DirectionProgress request;
    private DirectionProgress response;
    private bool bodiless;
    private TransportError? localReply;
    private bool attributesChanged;

    /// <summary>True when nothing more can come that belongs to the call.</summary>
    public bool BothEnded => request.Ended && response.Ended;

    /// <summary>Takes one message; <paramref name="whole"/> are its bytes.</summary>
    /// <exception cref="InvalidProtocolBufferException">A part that the scan did not look into is malformed.</exception>
    public void Take(in WireMessage message, in ReadOnlySequence<byte> whole)
    {
        if (message.Modes is { } modes)
        {
            (request.Mode, response.Mode) = (modes.Request, modes.Response);
        }

        if (message.Kind == MessageKind.None || (message.IsResponse ? response.Ended : request.Ended))
        {
            return;
        }

        if (message.IsBody)
        {
            TakeBody(message, whole);
        }
        else
        {
            TakeParsed(ProcessingRequest.Parser.ParseFrom(whole));
        }

        TellAttributes();
        if (BothEnded)
        {
            Finish(StreamEnd.BothEnded);
        }
    }

    /// <summary>Facts that a policy tells of the call; a later word on the same name replaces the earlier one.</summary>
    public void Note(IEnumerable<(string Name, string Value)> facts)
    {
        foreach (var (name, value) in facts)
        {
            if (attributes[name] != value)
            {
                Note(name, value);
            }
        }

        TellAttributes();
    }

    /// <summary>The call was refused: what the client got is the response, and no upstream answered.</summary>
    public void Block(BlockReply reply)
    {
        Note("lethe.extproc.blocked_by", reply.Rule.Name);
        TellAttributes();
        exchange?.StartResponse(reply.Rule.Status, BlockReply.Headers);
        exchange?.AppendResponse(reply.Body);
        localReply = new TransportError("blocked", $"refused by the rule {reply.Rule.Name}");
        Finish(StreamEnd.Blocked);
    }

    /// <summary>The stream is over. An exchange that has been finished stays as it is.</summary>
    public void Finish(StreamEnd how)
    {
        if (exchange is null or { IsFinished: true })
        {
            return;
        }

        if (request.PassedUnseen || (how == StreamEnd.Blocked && !request.Ended))
        {
            exchange.MarkRequestTruncated();
        }

        if (response.PassedUnseen && !bodiless)
        {
            exchange.MarkResponseTruncated();
        }

        if (how == StreamEnd.OverBound)
        {
            Note("lethe.capture.dropped", "memory");
            TellAttributes();
        }

        var (ending, reason) = Judge(how);
        exchange.Finish(ending, reason, localReply);
    }

    private (Ending Ending, string? Reason) Judge(StreamEnd how)
    {
        if (localReply is not null)
        {
            return (Ending.NoResponse, how == StreamEnd.Blocked ? "blocked" : "local_reply");
        }

        if (response.Ended || response.LengthMet || bodiless)
        {
            return (Ending.Completed, request.Ended || request.LengthMet ? null : "request_end_not_seen");
        }

        if (how is StreamEnd.Drained or StreamEnd.OverBound)
        {
            return (Ending.Incomplete, how == StreamEnd.Drained ? "recorder_stopped" : "recorder_overloaded");
        }

        return response.HeadersSeen || response.Bytes > 0
            ? (Ending.Incomplete, response.PassedUnseen ? "body_not_sent" : "end_not_seen")
            : (Ending.NoResponse, "no_response_seen");
    }

    private void TakeBody(in WireMessage message, in ReadOnlySequence<byte> whole)
    {
        if (message.HasAttributes)
        {
            NoteAttributes(ProcessingRequest.Parser.ParseFrom(whole));
        }

        exchange ??= Begin(null);
        if (message.Kind == MessageKind.RequestBody)
        {
            request.TakeBody(message.Body.Length, message.EndOfStream);
            foreach (var segment in message.Body)
            {
                exchange.AppendRequest(segment.Span);
            }
        }
        else
        {
            response.TakeBody(message.Body.Length, message.EndOfStream);
            foreach (var segment in message.Body)
            {
                exchange.AppendResponse(segment.Span);
            }
        }
    }

    private void TakeParsed(ProcessingRequest message)
    {
        NoteAttributes(message);
        switch (message.RequestCase)
        {
            case ProcessingRequest.RequestOneofCase.RequestHeaders:
                var sent = CallHeaders.Read(message.RequestHeaders.Headers);
                request.TakeHeaders(sent.ContentLength, message.RequestHeaders.EndOfStream);
                exchange ??= Begin(sent);
                break;
            case ProcessingRequest.RequestOneofCase.ResponseHeaders:
                StartResponse(CallHeaders.Read(message.ResponseHeaders.Headers), message.ResponseHeaders.EndOfStream);
                break;
            case ProcessingRequest.RequestOneofCase.RequestTrailers:
                request.TakeTrailers();
                break;
            case ProcessingRequest.RequestOneofCase.ResponseTrailers:
                exchange ??= Begin(null);
                exchange.SetTrailers(CallHeaders.Read(message.ResponseTrailers.Trailers).Fields);
                response.TakeTrailers();
                break;
        }
    }

    private void NoteAttributes(ProcessingRequest message)
    {
        attributes.Add(message);
        attributesChanged = true;
    }

    private void Note(string name, string value)
    {
        attributes.Add(name, value);
        attributesChanged = true;
    }

    // Each telling copies them: once for what came together, and never for what no exchange has begun for.
    private void TellAttributes()
    {
        if (attributesChanged && exchange is not null)
        {
            exchange.SetAttributes(attributes.Snapshot());
            attributesChanged = false;
        }
    }

    private void StartResponse(CallHeaders received, bool end)
    {
        exchange ??= Begin(null);
        if (received.Status is { } status)
        {
            exchange.StartResponse(status, received.Fields);
            // RFC 9110 §6.4.1: these have no body, whatever length is announced.
            bodiless = status is 204 or 304 || exchange.Head.Method == "HEAD";
        }

        response.TakeHeaders(received.ContentLength, end);
        localReply = LocalReply.Detect(received, attributes);
    }

    // A filter may be set to skip the request's headers: then only the attributes, if any, tell what was asked.
    private ExchangeBuilder Begin(CallHeaders? headers)
    {
        var target = headers?.Target ?? attributes["request.path"] ?? "";
        var authority = headers?.Authority ?? attributes["request.host"];
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var path = query < 0 ? target : target[..query];
        var to = route(path, authority);
        return begin(new ExchangeHead
        {
            Door = Door.ExtProc,
            Method = headers?.Method ?? attributes["request.method"] ?? "",
            Path = to.Path,
            Query = query < 0 ? "" : target[query..],
            Upstream = to.Upstream,
            UpstreamHost = authority,
            Provider = to.Provider,
            HttpVersion = attributes["request.protocol"] ?? "HTTP/1.1",
            Headers = headers?.Fields ?? [],
            CommitKey = headers?.Fields.First("x-lethe-commit-key") is { Length: > 0 } key ? key : null,
        });
    }
}
