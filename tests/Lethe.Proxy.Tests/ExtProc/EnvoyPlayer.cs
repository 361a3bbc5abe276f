using Google.Protobuf.WellKnownTypes;
using Lethe.Envoy;
using Lethe.Proxy.ExtProc;
using Answer = Lethe.Envoy.ProcessingResponse.ResponseOneofCase;
using BodyMode = Lethe.Envoy.ProcessingMode.Types.BodySendMode;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>How far a call gets. One that breaks off ends its stream by half-close, as the shipped configurations have it.</summary>
internal enum PlayedEnd
{
    Whole,
    InResponse,
    BeforeResponse,
}

/// <summary>A call as it would pass Envoy, and the filter's configuration.</summary>
internal sealed record PlayedCall
{
    public BodyMode Request { get; init; } = BodyMode.Streamed;

    public BodyMode Response { get; init; } = BodyMode.Streamed;

    public bool Observing { get; init; }

    public bool FailureModeAllow { get; init; }

    public TimeSpan MessageTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Null for a call without a body: the headers end the stream.</summary>
    public byte[][]? RequestBody { get; init; } = [];

    public byte[][]? ResponseBody { get; init; } = [];

    public bool RequestTrailers { get; init; }

    public bool ResponseTrailers { get; init; }

    /// <summary>The end comes as an empty chunk of its own, as with an HTTP/1.1 client.</summary>
    public bool EmptyLastChunk { get; init; }

    public PlayedEnd End { get; init; }

    public int Status { get; init; } = 200;

    public string Path { get; init; } = "/v1/messages";

    public string Method { get; init; } = "POST";

    public (string Name, string Value)[] Headers { get; init; } = [];

    public (string Name, string Value)[] ResponseHeaders { get; init; } = [("content-type", "application/json")];

    /// <summary>The attribute <c>response.code_details</c>; null where it is not configured.</summary>
    public string? Details { get; init; }

    public ProcessingRequest ResponseStart()
    {
        var message = Messages.ResponseHeaders(Status, ResponseBody is null, ResponseHeaders);
        return Details is null ? message : message.Telling(("response.code_details", Value.ForString(Details)));
    }
}

/// <summary>What became of the call: the status that the user saw, and the bodies that went on. When the processor replied itself, its body is the response's.</summary>
internal sealed record PlayedVerdict(int Status, byte[] RequestBody, byte[] ResponseBody, string? Fault)
{
    /// <summary>The pieces in which the request's body went on.</summary>
    public IReadOnlyList<byte[]> Pieces { get; init; } = [];

    /// <summary>Header names that the processor took off the request.</summary>
    public IReadOnlyList<string> Removed { get; init; } = [];

    public ImmediateResponse? Blocked { get; init; }
}

/// <summary>
/// Plays Envoy's part on one stream and judges the processor as Envoy does: an answer of the wrong kind, one too many or an error status is a 500 to
/// the user, a missing one a 504, a clean close lets the call go on (EXT_PROC filter of Envoy 1.40).
/// </summary>
internal sealed class EnvoyPlayer
{
    private readonly GrpcStream stream;
    private readonly PlayedCall call;
    private bool first = true;
    private bool gone;
    private readonly List<string> removed = [];
    private readonly List<byte[]> pieces = [];

    private EnvoyPlayer(GrpcStream stream, PlayedCall call) => (this.stream, this.call) = (stream, call);

    public static async Task<PlayedVerdict> PlayAsync(Http2Connection connection, PlayedCall call)
    {
        var player = new EnvoyPlayer(await connection.StartAsync(ExtProcDoor.ProcessPath), call);
        try
        {
            var request = await player.DirectionAsync(
                Messages.RequestHeaders(call.RequestBody is null, call.Path, call.Method, call.Headers),
                call.RequestBody,
                call.Request,
                call.RequestTrailers,
                response: false);
            var response = call.End == PlayedEnd.BeforeResponse ? [] : await player.DirectionAsync(
                call.ResponseStart(),
                call.ResponseBody,
                call.Response,
                call.ResponseTrailers,
                response: true);
            await player.CloseAsync();
            return new PlayedVerdict(call.Status, request, response, null) { Pieces = player.pieces, Removed = player.removed };
        }
        catch (ProcessorReply reply)
        {
            return await player.stream.ReadAsync(call.MessageTimeout) is null
                ? new PlayedVerdict((int)reply.Answer.Status.Code, [], reply.Answer.Body.ToByteArray(), null) { Blocked = reply.Answer }
                : new PlayedVerdict(500, [], [], "an answer after the immediate one");
        }
        catch (ProcessorFault fault)
        {
            await player.stream.ResetAsync(Http2Connection.Cancel);
            return call.FailureModeAllow
                ? new PlayedVerdict(call.Status, Joined(call.RequestBody), Joined(call.ResponseBody), fault.Message)
                : new PlayedVerdict(fault.Status, [], [], fault.Message);
        }
    }

    private static byte[] Joined(byte[][]? chunks) => [.. (chunks ?? []).SelectMany(chunk => chunk)];

    private async Task<byte[]> DirectionAsync(ProcessingRequest headers, byte[][]? body, BodyMode mode, bool trailers, bool response)
    {
        var answerHeaders = response ? Answer.ResponseHeaders : Answer.RequestHeaders;
        await SendAsync(headers);
        removed.AddRange((await ExpectAsync(answerHeaders)).RequestHeaders?.Response?.HeaderMutation?.RemoveHeaders ?? []);
        var whole = Joined(body);
        if (body is null || mode == BodyMode.None)
        {
            return whole;
        }

        var chunks = mode is BodyMode.Buffered or BodyMode.BufferedPartial ? [whole] : body.ToList();
        if (call.EmptyLastChunk || chunks.Count == 0)
        {
            chunks.Add([]);
        }

        for (var i = 0; i < chunks.Count; i++)
        {
            var end = i == chunks.Count - 1 && !trailers && !(response && call.End == PlayedEnd.InResponse);
            await SendAsync(response ? Messages.ResponseBody(chunks[i], end) : Messages.RequestBody(chunks[i], end));
        }

        return mode == BodyMode.FullDuplexStreamed && !call.Observing
            ? await DuplexAnswersAsync(trailers, response)
            : await PlainAnswersAsync(chunks, mode, trailers, response);
    }

    private async Task<byte[]> PlainAnswersAsync(List<byte[]> chunks, BodyMode mode, bool trailers, bool response)
    {
        using var gone = new MemoryStream();
        foreach (var chunk in chunks)
        {
            var answer = await ExpectAsync(response ? Answer.ResponseBody : Answer.RequestBody);
            if (answer is { RequestBody.Response.BodyMutation.StreamedResponse: not null } or { ResponseBody.Response.BodyMutation.StreamedResponse: not null })
            {
                throw new ProcessorFault(500, "a streamed answer outside full duplex is spurious");
            }

            var common = response ? answer.ResponseBody?.Response : answer.RequestBody?.Response;
            gone.Write(Mutated(chunk, common, mode));
        }

        await TrailersAsync(trailers, response);
        return gone.ToArray();
    }

    private byte[] Mutated(byte[] chunk, CommonResponse? answer, BodyMode mode)
    {
        removed.AddRange(answer?.HeaderMutation?.RemoveHeaders ?? []);
        var piece = answer?.BodyMutation switch
        {
            null or { MutationCase: BodyMutation.MutationOneofCase.None } => chunk,
            { Cleared: true } => [],
            var mutation => mutation.Body.ToByteArray(),
        };
        pieces.Add(piece);
        return mode != BodyMode.Buffered || piece.Length == chunk.Length || removed.Contains("content-length") || !call.Headers.Any(header => header.Name == "content-length")
            ? piece
            : throw new ProcessorFault(500, "mismatch between content length and the length of the mutated body");
    }

    private async Task<byte[]> DuplexAnswersAsync(bool trailers, bool response)
    {
        if (trailers)
        {
            await SendAsync(response ? Messages.ResponseTrailers(("x-t", "1")) : Messages.RequestTrailers(("x-t", "1")));
        }

        using var back = new MemoryStream();
        while (true)
        {
            var answer = await ReadAsync();
            if (answer is null)
            {
                throw new ProcessorFault(500, "the processor left a full-duplex body unfinished");
            }

            if (trailers && answer.ResponseCase == (response ? Answer.ResponseTrailers : Answer.RequestTrailers))
            {
                return back.ToArray();
            }

            var chunk = (response ? answer.ResponseBody : answer.RequestBody)?.Response?.BodyMutation?.StreamedResponse
                ?? throw new ProcessorFault(500, $"{answer.ResponseCase} is spurious in full duplex");
            Assert.InRange(chunk.Body.Length, 0, 65_536);
            back.Write(chunk.Body.Span);
            pieces.Add(chunk.Body.ToByteArray());
            if (chunk.EndOfStream)
            {
                return trailers ? throw new ProcessorFault(500, "the body ended before its trailers") : back.ToArray();
            }
        }
    }

    private async Task TrailersAsync(bool sent, bool response)
    {
        if (sent)
        {
            await SendAsync(response ? Messages.ResponseTrailers(("x-t", "1")) : Messages.RequestTrailers(("x-t", "1")));
            await ExpectAsync(response ? Answer.ResponseTrailers : Answer.RequestTrailers);
        }
    }

    private async Task CloseAsync()
    {
        if (!call.Observing || call.End != PlayedEnd.Whole)
        {
            await stream.HalfCloseAsync();
        }

        if (await stream.ReadAsync(call.MessageTimeout) is not null)
        {
            throw new ProcessorFault(500, "an answer too many");
        }

        await stream.EndAsync();
        if (stream.Status != 0)
        {
            throw new ProcessorFault(500, $"the stream ended with {stream.Status}");
        }
    }

    private Task SendAsync(ProcessingRequest message)
    {
        if (call.Observing)
        {
            message.Watching();
        }
        else if (first)
        {
            message.In(call.Request, call.Response);
        }

        first = false;
        return gone ? Task.CompletedTask : stream.SendAsync(message);
    }

    private async Task<ProcessingResponse> ExpectAsync(Answer kind)
    {
        if (call.Observing || gone)
        {
            return new ProcessingResponse();
        }

        var answer = await ReadAsync();
        return answer is null || answer.ResponseCase == kind
            ? answer ?? new ProcessingResponse()
            : throw new ProcessorFault(500, $"{answer.ResponseCase} came where {kind} was due");
    }

    private async Task<ProcessingResponse?> ReadAsync()
    {
        try
        {
            var answer = await stream.ReadAnswerAsync(call.MessageTimeout);
            if (answer is null)
            {
                await stream.EndAsync();
                gone = stream.Status == 0 ? true : throw new ProcessorFault(500, $"the stream ended with {stream.Status}, reset {stream.ResetCode}");
            }

            return answer?.ImmediateResponse is { } reply ? throw new ProcessorReply(reply) : answer;
        }
        catch (TimeoutException)
        {
            throw new ProcessorFault(504, "an answer did not come in time");
        }
    }

    private sealed class ProcessorReply(ImmediateResponse answer) : Exception
    {
        public ImmediateResponse Answer => answer;
    }

    private sealed class ProcessorFault(int status, string message) : Exception(message)
    {
        public int Status => status;
    }
}
