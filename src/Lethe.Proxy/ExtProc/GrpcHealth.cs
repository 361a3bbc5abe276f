using System.Buffers;
using Google.Protobuf;
using Lethe.Envoy.Health;

namespace Lethe.Proxy.ExtProc;

/// <summary>gRPC health checking (<c>grpc.health.v1</c>): serving until the process is asked to stop, so that no new call is sent here while old ones end.</summary>
internal sealed class GrpcHealth(TimeProvider time, CancellationToken stopping)
{
    public const string CheckPath = "/grpc.health.v1.Health/Check";
    public const string WatchPath = "/grpc.health.v1.Health/Watch";

    private const int MessageBytesMax = 4096;

    private HealthCheckResponse.Types.ServingStatus Status =>
        stopping.IsCancellationRequested ? HealthCheckResponse.Types.ServingStatus.NotServing : HealthCheckResponse.Types.ServingStatus.Serving;

    /// <summary>One question, one answer; an unknown service is <c>NOT_FOUND</c>.</summary>
    public async Task CheckAsync(HttpContext context)
    {
        using var call = GrpcCall.TryAccept(context, MessageBytesMax, time);
        if (call is null || await ReadRequestAsync(call) is not { } request)
        {
            return;
        }

        if (!IsKnown(request.Service))
        {
            call.End(GrpcStatusCode.NotFound, "No such service.");
            return;
        }

        await TellAsync(call, Status);
        call.End(GrpcStatusCode.Ok);
    }

    /// <summary>The status now, and again when it changes; the last word before the process goes is <c>NOT_SERVING</c>.</summary>
    public async Task WatchAsync(HttpContext context)
    {
        using var call = GrpcCall.TryAccept(context, MessageBytesMax, time);
        if (call is null || await ReadRequestAsync(call) is not { } request)
        {
            return;
        }

        var known = IsKnown(request.Service);
        await TellAsync(call, known ? Status : HealthCheckResponse.Types.ServingStatus.ServiceUnknown);
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (context.RequestAborted.UnsafeRegister(static gone => ((TaskCompletionSource)gone!).TrySetResult(), told))
        using (stopping.UnsafeRegister(static stop => ((TaskCompletionSource)stop!).TrySetResult(), told))
        {
            await told.Task;
        }

        if (known && !context.RequestAborted.IsCancellationRequested)
        {
            await TellAsync(call, Status);
        }

        call.End(GrpcStatusCode.Ok);
    }

    private static bool IsKnown(string service) => service is "" or "envoy.service.ext_proc.v3.ExternalProcessor" or "grpc.health.v1.Health";

    private static async Task<HealthCheckRequest?> ReadRequestAsync(GrpcCall call)
    {
        switch (await call.ReadAsync())
        {
            case GrpcRead.Messages:
                return TakeRequest(call);
            case GrpcRead.Faulted:
                call.End(call.Fault.Code, call.Fault.Message);
                return null;
            case GrpcRead.Deadline:
                call.End(GrpcStatusCode.DeadlineExceeded);
                return null;
            case GrpcRead.HalfClosed:
                call.End(GrpcStatusCode.Internal, "The call carried no request.");
                return null;
            default:
                return null;
        }
    }

    private static HealthCheckRequest? TakeRequest(GrpcCall call)
    {
        var messages = call.Messages.GetEnumerator();
        messages.MoveNext();
        try
        {
            return HealthCheckRequest.Parser.ParseFrom(messages.Current);
        }
        catch (InvalidProtocolBufferException)
        {
            call.End(GrpcStatusCode.Internal, "The request is no valid HealthCheckRequest.");
            return null;
        }
        finally
        {
            call.Release();
        }
    }

    private static async Task TellAsync(GrpcCall call, HealthCheckResponse.Types.ServingStatus status)
    {
        ReadOnlySpan<byte> frame = [0, 0, 0, 0, 2, 0x08, (byte)status];
        call.Output.Write(frame);
        await call.FlushAsync();
    }
}
