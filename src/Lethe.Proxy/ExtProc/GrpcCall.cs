using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Lethe.Proxy.ExtProc;

/// <summary>The status codes that this server gives (gRPC, <c>doc/statuscodes.md</c>).</summary>
internal enum GrpcStatusCode
{
    Ok = 0,
    DeadlineExceeded = 4,
    NotFound = 5,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
}

/// <summary>Why a wait for messages ended.</summary>
internal enum GrpcRead
{
    /// <summary>At least one whole message is there; <see cref="GrpcCall.Release"/> gives them back.</summary>
    Messages,

    /// <summary>The peer has said all it had to say.</summary>
    HalfClosed,

    /// <summary>The peer, or its connection, is gone.</summary>
    Reset,

    /// <summary>The peer broke the framing; <see cref="GrpcCall.Fault"/> says how.</summary>
    Faulted,

    /// <summary>The peer's own <c>grpc-timeout</c> has passed.</summary>
    Deadline,

    /// <summary><see cref="GrpcCall.Interrupt"/> was called.</summary>
    Interrupted,
}

/// <summary>
/// One gRPC call on Kestrel's HTTP/2 (gRPC over HTTP/2, <c>doc/PROTOCOL-HTTP2.md</c>): length-prefixed messages in and out, the status in the trailers.
/// This is all that stands in for Grpc.AspNetCore; nothing else in the door knows HTTP.
/// </summary>
internal sealed class GrpcCall : IDisposable
{
    // What is noted of each message takes many times the room of an empty one, and is kept as long as the stream.
    private const int MessagesAtOnceMax = 64;

    private readonly HttpContext context;
    private readonly PipeReader input;
    private readonly PipeWriter output;
    private readonly int messageBytesMax;
    private readonly ITimer? deadline;
    private bool deadlinePassed;
    private SequencePosition wholeEnd;
    private SequencePosition seenEnd;

    private GrpcCall(HttpContext context, int messageBytesMax, TimeProvider time)
    {
        this.context = context;
        this.messageBytesMax = messageBytesMax;
        input = context.Request.BodyReader;
        output = context.Response.BodyWriter;
        if (GrpcTimeout.TryParse(context.Request.Headers["grpc-timeout"], out var timeout))
        {
            deadline = time.CreateTimer(static call => ((GrpcCall)call!).PassDeadline(), this, timeout, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>The whole messages of the last read, without their prefixes; valid until <see cref="Release"/>.</summary>
    public GrpcMessages Messages { get; private set; }

    /// <summary>What was wrong with the framing, after <see cref="GrpcRead.Faulted"/>.</summary>
    public (GrpcStatusCode Code, string Message) Fault { get; private set; }

    /// <summary>Where answers are written, prefix included; they leave with <see cref="FlushAsync"/>.</summary>
    public IBufferWriter<byte> Output => output;

    /// <summary>Takes the request as a gRPC call. Null, with a 415 written, when its content type is not gRPC's.</summary>
    public static GrpcCall? TryAccept(HttpContext context, int messageBytesMax, TimeProvider time)
    {
        if (!IsGrpc(context.Request.ContentType))
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return null;
        }

        // A quiet model is not a slow sender, and a stream has no size.
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        context.Response.ContentType = "application/grpc";
        return new GrpcCall(context, messageBytesMax, time);
    }

    /// <summary>Waits for the next whole messages, or for the end, whichever end it is. Never throws for what a peer can do.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<GrpcRead> ReadAsync()
    {
        while (true)
        {
            ReadResult read;
            try
            {
                read = await input.ReadAsync();
            }
            catch (Exception gone) when (gone is IOException or OperationCanceledException)
            {
                return GrpcRead.Reset;
            }

            if (read.IsCanceled)
            {
                Advance(read.Buffer.Start, read.Buffer.Start);
                return Volatile.Read(ref deadlinePassed) ? GrpcRead.Deadline : GrpcRead.Interrupted;
            }

            if (Cut(read.Buffer))
            {
                return GrpcRead.Messages;
            }

            Advance(read.Buffer.Start, read.Buffer.End);
            if (Fault.Code != GrpcStatusCode.Ok)
            {
                return GrpcRead.Faulted;
            }

            if (read.IsCompleted)
            {
                if (read.Buffer.IsEmpty)
                {
                    return GrpcRead.HalfClosed;
                }

                Fault = (GrpcStatusCode.Internal, "The last message was cut short.");
                return GrpcRead.Faulted;
            }
        }
    }

    /// <summary>Gives the messages of the last read back to the transport, which opens the peer's window again.</summary>
    public void Release()
    {
        Messages = default;
        Advance(wholeEnd, seenEnd);
    }

    /// <summary>Sends what was written. False when the peer is gone.</summary>
    public async ValueTask<bool> FlushAsync()
    {
        try
        {
            var flushed = await output.FlushAsync();
            return !flushed.IsCompleted && !flushed.IsCanceled;
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Makes the pending or the next read come back with <see cref="GrpcRead.Interrupted"/>.</summary>
    public void Interrupt() => input.CancelPendingRead();

    /// <summary>Sets the status with which the call ends when its handler returns.</summary>
    public void End(GrpcStatusCode code, string? message = null)
    {
        var started = context.Response.HasStarted || code == GrpcStatusCode.Ok;
        Append(started, "grpc-status", ((int)code).ToString(CultureInfo.InvariantCulture));
        if (message is not null)
        {
            Append(started, "grpc-message", GrpcStatusMessage.Encode(message));
        }
    }

    public void Dispose() => deadline?.Dispose();

    private static bool IsGrpc(string? contentType) =>
        contentType is not null
        && contentType.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == 16 || contentType[16] is '+' or ';');

    private void Advance(SequencePosition consumed, SequencePosition examined)
    {
        try
        {
            input.AdvanceTo(consumed, examined);
        }
        catch (IOException)
        {
            // The peer was faster with its reset. Nothing is owed to it; the next read says that it is gone.
        }
    }

    private void PassDeadline()
    {
        Volatile.Write(ref deadlinePassed, true);
        input.CancelPendingRead();
    }

    private void Append(bool asTrailer, string name, string value)
    {
        if (asTrailer)
        {
            context.Response.AppendTrailer(name, value);
        }
        else
        {
            context.Response.Headers[name] = value;
        }
    }

    /// <summary>Finds the whole messages at the front of the buffer, as many as are taken at once. A broken one is reported only when it has come to the front.</summary>
    private bool Cut(ReadOnlySequence<byte> buffer)
    {
        var rest = buffer;
        var count = 0;
        while (count < MessagesAtOnceMax && GrpcMessages.TryReadPrefix(rest, out var flag, out var length))
        {
            if (flag != 0 || length > messageBytesMax)
            {
                Fault = rest.Start.Equals(buffer.Start) ? Refuse(flag, length) : Fault;
                break;
            }

            if (rest.Length - GrpcMessages.PrefixBytes < length)
            {
                break;
            }

            rest = rest.Slice(GrpcMessages.PrefixBytes + length);
            count++;
        }

        wholeEnd = rest.Start;
        seenEnd = count == MessagesAtOnceMax ? wholeEnd : buffer.End;
        Messages = new GrpcMessages(buffer.Slice(0, wholeEnd));
        return rest.Length < buffer.Length;
    }

    private (GrpcStatusCode Code, string Message) Refuse(byte flag, uint length)
    {
        if (flag == 0)
        {
            return (GrpcStatusCode.ResourceExhausted, $"A message of {length} bytes is over the limit of {messageBytesMax}.");
        }

        var encoding = context.Request.Headers["grpc-encoding"].ToString();
        if (flag > 1 || encoding.Length == 0 || encoding == "identity")
        {
            return (GrpcStatusCode.Internal, "A message is flagged as compressed, and no encoding was named.");
        }

        Append(context.Response.HasStarted, "grpc-accept-encoding", "identity");
        return (GrpcStatusCode.Unimplemented, $"Messages in {encoding} are not read here; identity is.");
    }
}
