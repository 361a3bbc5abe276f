using System.Text.Json;
using Lethe.Capture.Decoding.ContentCodings;
using Lethe.Capture.Decoding.Counts;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Produced;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Repeats;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding;

/// <summary>From an exchange's bytes to what was said. Chooses the dialect by path, vendor and, failing those, the body's shape.</summary>
public static class TurnDecoder
{
    /// <summary>The reason of a response of which a part could not be read.</summary>
    internal const string EventsUnread = "events_unread";

    /// <summary>The status of the handshake of a WebSocket: what is said in it are exchanges of their own.</summary>
    private const int SwitchingProtocols = 101;

    /// <summary>Never throws for what a wire can carry: the worst case is a reason.</summary>
    /// <param name="memo">What earlier requests said, so that what they repeat is not read again.</param>
    public static DecodedExchange Decode(CapturedExchange exchange, RepeatMemo? memo = null)
    {
        if (ProducedKind.Of(exchange) == ProducedKind.TurnEvent)
        {
            return TurnEvents.Read(exchange) is { } told ? new DecodedExchange(told, null, null) : new DecodedExchange(null, "request_not_json", null);
        }

        var endpoint = exchange.Attributes.ContainsKey(CapturedExchange.ConnectionAttribute) ? Dialects.InSocket(exchange.Path)
            : exchange.Status == SwitchingProtocols ? Endpoint.Other("websocket")
            : EndpointPaths.Find(exchange.Method, exchange.Path);
        var (reading, codingReason) = Read(exchange, endpoint?.Dialect, memo);
        var request = reading.Json;
        endpoint ??= FindByShape(exchange, request?.RootElement);
        if (endpoint is not { IsSupported: true } known)
        {
            return new DecodedExchange(null, endpoint is null ? codingReason ?? "unknown_endpoint" : "unsupported_dialect", request);
        }

        var vendor = exchange.Provider ?? VendorHosts.Find(exchange.UpstreamHost) ?? known.Vendor;
        var turn = new Turn
        {
            Provider = vendor,
            Endpoint = known.Name,
            Operation = known.Operation,
            UpstreamRequestId = UpstreamRequestIds.Find(exchange.ResponseHeaders),
            ReportedCostNanoUsd = ReportedCost.FromText(exchange.ResponseHeaders.First("x-litellm-response-cost")),
        };
        if (known.Dialect is not { } dialect)
        {
            return new DecodedExchange(ReadNamed(turn, exchange), null, request);
        }

        turn = PromptReading.Complete(ReadRequest(turn, known, dialect, exchange, reading, memo), reading);
        var requestReason = request is null ? codingReason ?? (known.IsOpaque ? null : RequestReason(exchange)) : null;
        (turn, var responseReason) = ReadResponse(turn, known, dialect, exchange);
        return new DecodedExchange(PromptReading.Answered(turn), requestReason ?? responseReason, request) { History = reading.History };
    }

    private static (RequestReading Reading, string? CodingReason) Read(CapturedExchange exchange, Dialect? dialect, RepeatMemo? memo)
    {
        var body = exchange.Request;
        var label = body.KeptBytes == 0 ? null : exchange.RequestHeaders.Joined("content-encoding");
        if (memo is not null && dialect is not null && label is null && body.Grown is { Length: <= (int)ContentDecoder.PlainBytesMax } grown
            && RequestReading.Resume(grown, dialect, memo) is { } resumed)
        {
            return (resumed, null);
        }

        var coded = ContentDecoder.Decode(body.Bytes, label);
        return (RequestReading.Of(coded.Bytes, !coded.Bytes.Equals(body.Bytes), dialect, memo), coded.Reason);
    }

    private static Endpoint? FindByShape(CapturedExchange exchange, JsonElement? request)
    {
        using var answer = exchange.Status is null ? null : Frames.First(Utf8Repair.Clean(Plain(exchange).Bytes));
        return EndpointPaths.Carried(Dialects.ByVote(exchange.RequestHeaders, request, answer?.RootElement), exchange.Path);
    }

    private static Turn ReadRequest(Turn turn, Endpoint endpoint, Dialect dialect, CapturedExchange exchange, RequestReading reading, RepeatMemo? memo)
    {
        var request = reading.Json?.RootElement;
        turn = turn with
        {
            ModelRequested = request?.Word("model"u8) ?? (request is null ? dialect.ModelOf(exchange.Request.Bytes.Span) : null) ?? endpoint.Model ?? EndpointPaths.Model(exchange.Path),
            Stream = request?.IsTrue("stream"u8) == true || endpoint.Streams,
        };
        return request is { } body ? dialect.ReadRequest(turn, new RequestView(endpoint.Name, body, reading.Source, memo)) : turn;
    }

    private static string? RequestReason(CapturedExchange exchange)
    {
        if (exchange.Request.KeptBytes == 0)
        {
            return exchange.Method.Equals("POST", StringComparison.OrdinalIgnoreCase) ? "request_empty" : null;
        }

        return exchange.Request.Truncated ? "request_truncated" : "request_not_json";
    }

    private static (Turn Turn, string? Reason) ReadResponse(Turn turn, Endpoint endpoint, Dialect dialect, CapturedExchange exchange)
    {
        if (exchange.Status is not { } status || exchange.Ending == Ending.NoResponse)
        {
            return (turn with { Error = Transport(exchange) }, null);
        }

        var coded = Plain(exchange);
        var shape = BodySniffer.Sniff(coded.Bytes.Span);
        if (status >= 400)
        {
            return (Refused(turn, exchange, Utf8Repair.Clean(coded.Bytes), shape), coded.Reason);
        }

        if (coded.Reason is not null || shape is BodyShape.Empty or BodyShape.Other)
        {
            if (endpoint.IsOpaque)
            {
                return (Heard(turn, exchange), coded.Reason);
            }

            var silent = coded.Reason ?? (shape == BodyShape.Empty ? "response_empty" : Unreadable(exchange));
            return (turn with { Error = Transport(exchange), Stream = turn.Stream }, silent);
        }

        var ended = exchange.Ending == Ending.Completed && !coded.Salvaged && !exchange.Response.Truncated && !exchange.Attributes.ContainsKey(CapturedExchange.ResponseCutAttribute);
        IReply reply = ProducedKind.Of(exchange) == ProducedKind.Reduced ? new ReducedReply() : dialect.OpenReply(new CallView(turn.Provider, endpoint, exchange.ResponseHeaders));
        var frames = Frames.Feed(coded.Bytes, shape, reply.Take);
        var answer = reply.Finish(frames.Marked ? ReplyEnd.Marked : ended ? ReplyEnd.Transport : ReplyEnd.Cut);
        if (endpoint.IsOpaque && frames.Read == 0)
        {
            return (Heard(turn, exchange), null);
        }

        var reason = endpoint.IsOpaque ? null : frames.Read == 0 && (shape == BodyShape.Json || ended) ? Unreadable(exchange) : frames.Unread > 0 && ended ? EventsUnread : null;
        return (Compose(turn, answer, exchange) with { Stream = turn.Stream || shape is BodyShape.Events or BodyShape.Messages }, reason);
    }

    private static string Unreadable(CapturedExchange exchange) => exchange.Response.Truncated ? "response_truncated" : "response_not_json";

    private static DecodedBody Plain(CapturedExchange exchange)
    {
        var body = exchange.Response.Bytes;
        return ContentDecoder.Decode(body, body.IsEmpty ? null : exchange.ResponseHeaders.Joined("content-encoding"));
    }

    private static Turn Compose(Turn turn, Answer answer, CapturedExchange exchange) => turn with
    {
        ModelServed = answer.Model,
        ResponseId = answer.Id,
        UpstreamRequestId = turn.UpstreamRequestId ?? answer.RequestId,
        PreviousResponseId = turn.PreviousResponseId ?? answer.PreviousResponseId,
        StopReason = answer.Stop,
        Refusal = answer.Refusal,
        Usage = answer.Usage,
        Results = answer.Results,
        ReportedCostNanoUsd = answer.Usage?.ReportedCostNanoUsd ?? turn.ReportedCostNanoUsd,
        Error = answer.Error ?? Transport(exchange),
        Reply = answer.Messages,
        ReplyText = answer.Text,
        ReplyReasoning = answer.Reasoning,
        ToolCalls = answer.ToolCalls,
        ReplyComplete = answer.Complete,
        CacheDiagnosis = answer.CacheDiagnosis,
    };

    /// <summary>A call that is no turn: only how it ended is told.</summary>
    private static Turn ReadNamed(Turn turn, CapturedExchange exchange)
    {
        if (exchange.Status is not >= 400 || exchange.Ending == Ending.NoResponse)
        {
            return Heard(turn, exchange);
        }

        var body = Utf8Repair.Clean(Plain(exchange).Bytes);
        return Refused(turn, exchange, body, BodySniffer.Sniff(body.Span));
    }

    /// <summary>An answer of which nothing is read: it came whole, or it did not.</summary>
    private static Turn Heard(Turn turn, CapturedExchange exchange) =>
        turn with { Error = Transport(exchange), ReplyComplete = exchange.Status is not null && exchange.Ending == Ending.Completed };

    private static Turn Refused(Turn turn, CapturedExchange exchange, ReadOnlyMemory<byte> body, BodyShape shape)
    {
        var (error, requestId, id) = WireError.FromResponse(exchange.Status!.Value, body, shape);
        return turn with
        {
            Error = error.Type is null ? error with { Type = ErrorTypes.Find(exchange.ResponseHeaders) } : error,
            UpstreamRequestId = turn.UpstreamRequestId ?? requestId,
            ResponseId = id,
        };
    }

    private static ExchangeError? Transport(CapturedExchange exchange) =>
        exchange.TransportError is { } error ? new ExchangeError("transport", error.Type, null, error.Message) : null;
}
