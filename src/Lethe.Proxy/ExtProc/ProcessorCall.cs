using System.IO.Pipelines;
using Grpc.Core;
using Lethe.Proxy.ExtProc.Wire;
using Microsoft.AspNetCore.Http.Features;

namespace Lethe.Proxy.ExtProc;

/// <summary>Why a wait for a message ended.</summary>
internal enum CallRead
{
    Message,

    /// <summary>The peer has said all it had to say.</summary>
    HalfClosed,

    /// <summary>The peer, or its connection, is gone, or its own deadline has passed.</summary>
    Gone,

    /// <summary>The peer broke the framing, or a message was over its limit; the status says it.</summary>
    Faulted,

    /// <summary><see cref="ProcessorCall.Interrupt"/> was called.</summary>
    Interrupted,

    /// <summary>What the door holds of all calls' bodies is over its bound, and this stream's message made it so.</summary>
    OverBound,
}

/// <summary>One call of <see cref="ProcessMethod"/>, as the gRPC library gives it: messages in, answers out, gathered until there is nothing more to read.</summary>
internal sealed class ProcessorCall : IDisposable
{
    private static readonly WriteOptions Gathered = new(WriteFlags.BufferHint);

    private readonly IAsyncStreamReader<ProcessorMessage> messages;
    private readonly IServerStreamWriter<ProcessorAnswer> answers;
    private readonly ServerCallContext call;
    private readonly PipeWriter output;
    private readonly RetainedBody body;
    private readonly PatientLifetime lifetime;
    private readonly InflightBytes inflight;
    private long waitingBytes;
    private bool waits;

    public ProcessorCall(IAsyncStreamReader<ProcessorMessage> messages, IServerStreamWriter<ProcessorAnswer> answers, ServerCallContext call, InflightBytes inflight)
    {
        (this.messages, this.answers, this.call, this.inflight) = (messages, answers, call, inflight);
        var http = call.GetHttpContext();
        output = http.Response.BodyWriter;
        body = (RetainedBody)http.Request.BodyReader;
        lifetime = (PatientLifetime)http.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
        answers.WriteOptions = Gathered;
    }

    /// <summary>The last message read; valid until the next is asked for.</summary>
    public ProcessorMessage Message => messages.Current;

    /// <summary>True when no part of a further message has come yet.</summary>
    public bool IsDry => body.IsDry;

    /// <summary>Asks for the next message; false when the peer has said all it had to say. What it throws, <see cref="TryExplain"/> tells.</summary>
    public Task<bool> MoveNext() => messages.MoveNext(CancellationToken.None);

    /// <summary>How a wait ended that threw; false for what no peer can cause.</summary>
    public bool TryExplain(Exception fault, out CallRead read)
    {
        read = fault switch
        {
            RpcException when body.TakeInterrupt() => CallRead.Interrupted,
            RpcException when body.IsOverBound => CallRead.OverBound,
            RpcException broken => Fail(broken.Status),
            InvalidDataException => Fail(new Status(StatusCode.Internal, fault.Message)),
            // A length that no message can have is told by the same exception as a reset.
            IOException when !lifetime.IsAborted => Fail(new Status(StatusCode.ResourceExhausted, fault.Message)),
            _ => CallRead.Gone,
        };
        return fault is RpcException or InvalidDataException || IsGone(fault);
    }

    /// <summary>Adds answers to those that leave with <see cref="FlushAsync"/>.</summary>
    public async ValueTask WriteAsync(List<ProcessorAnswer> more)
    {
        try
        {
            foreach (var answer in more)
            {
                waits = true;
                waitingBytes += answer.BodyBytes;
                await answers.WriteAsync(answer);
            }
        }
        catch (Exception gone) when (IsGone(gone))
        {
            // The next read says that the peer is gone.
        }
    }

    public async ValueTask FlushAsync()
    {
        if (!waits)
        {
            return;
        }

        var leaving = waitingBytes;
        (waits, waitingBytes) = (false, 0);
        inflight.Add(leaving);
        try
        {
            await output.FlushAsync();
        }
        catch (Exception gone) when (IsGone(gone))
        {
            // The next read says that the peer is gone.
        }
        finally
        {
            inflight.Add(-leaving);
        }
    }

    /// <summary>Makes the pending or the next read come back with <see cref="CallRead.Interrupted"/>.</summary>
    public void Interrupt() => body.Interrupt();

    /// <summary>This stream's bytes are needed, whatever they cost.</summary>
    public void Exempt() => body.Exempt();

    /// <summary>Sets the status with which the call ends when its handler returns.</summary>
    public CallRead Fail(Status status)
    {
        call.Status = status;
        return CallRead.Faulted;
    }

    public void Dispose() => body.Dispose();

    // The library says by an InvalidOperationException that the call is over.
    private static bool IsGone(Exception fault) => fault is IOException or OperationCanceledException or InvalidOperationException;
}
