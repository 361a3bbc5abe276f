using System.Text.Json;
using Lethe.Capture.Decoding.Anthropic;
using Lethe.Capture.Decoding.ContentCodings;
using Lethe.Capture.Decoding.OpenAIChat;
using Lethe.Capture.Decoding.OpenAIResponses;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Repeats;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding;

/// <summary>From an exchange's bytes to what was said. Chooses the dialect by path, vendor and, failing those, the body's shape.</summary>
public static class TurnDecoder
{
    /// <summary>Never throws for what a wire can carry: the worst case is a reason.</summary>
    /// <param name="memo">What earlier requests said, so that what they repeat is not read again.</param>
    public static DecodedExchange Decode(CapturedExchange exchange, RepeatMemo? memo = null)
    {
        var coded = ContentDecoder.Decode(exchange.Request.Bytes, exchange.Request.Bytes.IsEmpty ? null : exchange.RequestHeaders.Joined("content-encoding"));
        var endpoint = EndpointPaths.Find(exchange.Method, exchange.Path);
        var reading = RequestReading.Of(coded.Bytes, History(endpoint), memo);
        var request = reading.Json;
        endpoint ??= FindByShape(exchange, request?.RootElement);
        if (endpoint is not { Dialect: not Dialect.Unsupported } known)
        {
            return new DecodedExchange(null, endpoint is null ? coded.Reason ?? "unknown_endpoint" : "unsupported_dialect", request);
        }

        var vendor = exchange.Provider ?? VendorHosts.Find(exchange.UpstreamHost) ?? (known.Dialect == Dialect.AnthropicMessages || known.Name == "count_tokens" ? "anthropic" : "openai");
        var turn = new Turn
        {
            Provider = vendor,
            Endpoint = known.Name,
            Operation = known.Operation,
            UpstreamRequestId = UpstreamRequestIds.Find(exchange.ResponseHeaders),
            ReportedCostNanoUsd = ReportedCost.FromText(exchange.ResponseHeaders.First("x-litellm-response-cost")),
        };
        if (known.Dialect == Dialect.None)
        {
            return new DecodedExchange(ReadNamed(turn, exchange), null, request);
        }

        turn = PromptReading.Complete(ReadRequest(turn, known, exchange, reading, memo), reading);
        var requestReason = request is null ? coded.Reason ?? RequestReason(exchange) : null;
        (turn, var responseReason) = ReadResponse(turn, known, exchange);
        return new DecodedExchange(turn, requestReason ?? responseReason, request) { Repeat = reading.Repeat };
    }

    private static Endpoint? FindByShape(CapturedExchange exchange, JsonElement? request)
    {
        using var answer = exchange.Status is null ? null : ReplyStream.First(Utf8Repair.Clean(Plain(exchange).Bytes));
        return EndpointShapes.Find(exchange, request, answer?.RootElement);
    }

    /// <summary>The member that holds what was said before.</summary>
    private static string History(Endpoint? endpoint) => endpoint?.Dialect switch
    {
        Dialect.AnthropicMessages or Dialect.OpenAIChat => "messages",
        Dialect.OpenAIResponses => "input",
        _ => "",
    };

    private static Turn ReadRequest(Turn turn, Endpoint endpoint, CapturedExchange exchange, RequestReading reading, RepeatMemo? memo)
    {
        var request = reading.Json?.RootElement;
        turn = turn with
        {
            ModelRequested = request?.Word("model"u8) ?? EndpointPaths.Model(exchange.Path),
            Stream = request?.IsTrue("stream"u8) == true || exchange.Path.EndsWith(":streamRawPredict", StringComparison.Ordinal),
        };
        return request is not { } body ? turn : endpoint.Dialect switch
        {
            Dialect.AnthropicMessages => AnthropicRequest.Read(turn, body, reading.Source, memo),
            Dialect.OpenAIChat => ChatRequest.Read(turn, body, reading.Source, memo),
            Dialect.OpenAICompletions => ChatRequest.ReadCompletion(turn, body, reading.Source),
            Dialect.OpenAIResponses => ResponsesRequest.Read(turn, body, reading.Source, memo),
            _ => turn,
        };
    }

    private static string? RequestReason(CapturedExchange exchange)
    {
        if (exchange.Request.Bytes.IsEmpty)
        {
            return exchange.Method.Equals("POST", StringComparison.OrdinalIgnoreCase) ? "request_empty" : null;
        }

        return exchange.Request.Truncated ? "request_truncated" : "request_not_json";
    }

    private static (Turn Turn, string? Reason) ReadResponse(Turn turn, Endpoint endpoint, CapturedExchange exchange)
    {
        if (exchange.Status is not { } status || exchange.Ending == Ending.NoResponse)
        {
            return (turn with { Error = Transport(exchange) }, null);
        }

        var coded = Plain(exchange);
        var body = Utf8Repair.Clean(coded.Bytes);
        var shape = BodySniffer.Sniff(body.Span);
        if (status >= 400)
        {
            return (Refused(turn, status, body, shape), coded.Reason);
        }

        if (coded.Reason is not null)
        {
            return (turn with { Error = Transport(exchange) }, coded.Reason);
        }

        var ended = exchange.Ending == Ending.Completed && !coded.Salvaged && !exchange.Response.Truncated;
        var (answer, reason) = ResponseReading.Read(endpoint, turn.Provider, body, shape, ended);
        reason = reason == "response_not_json" && exchange.Response.Truncated ? "response_truncated" : reason;
        return (Compose(turn, answer, exchange) with { Stream = turn.Stream || shape == BodyShape.Events }, reason);
    }

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
        Usage = answer.Usage,
        ReportedCostNanoUsd = answer.Usage?.ReportedCostNanoUsd ?? turn.ReportedCostNanoUsd,
        Error = answer.Error ?? Transport(exchange),
        Reply = answer.Messages,
        ReplyText = answer.Text,
        ReplyReasoning = answer.Reasoning,
        ToolCalls = answer.ToolCalls,
        ReplyComplete = answer.Complete,
    };

    /// <summary>A call that is no turn: only how it ended is told.</summary>
    private static Turn ReadNamed(Turn turn, CapturedExchange exchange)
    {
        if (exchange.Status is not >= 400 || exchange.Ending == Ending.NoResponse)
        {
            return turn with { Error = Transport(exchange), ReplyComplete = exchange.Status is not null && exchange.Ending == Ending.Completed };
        }

        var body = Utf8Repair.Clean(Plain(exchange).Bytes);
        return Refused(turn, exchange.Status.Value, body, BodySniffer.Sniff(body.Span));
    }

    private static Turn Refused(Turn turn, int status, ReadOnlyMemory<byte> body, BodyShape shape)
    {
        var error = WireError.FromResponse(status, body, shape, out var requestId);
        return turn with { Error = error, UpstreamRequestId = turn.UpstreamRequestId ?? requestId };
    }

    private static ExchangeError? Transport(CapturedExchange exchange) =>
        exchange.TransportError is { } error ? new ExchangeError("transport", error.Type, null, error.Message) : null;
}
