using System.Net;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Lethe.Proxy.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lethe.Proxy.Benchmarks;

/// <summary>The Envoy door's upper floor: the same method served by Grpc.AspNetCore, each message answered by the same bytes, none looked into or kept.</summary>
internal static class GrpcEcho
{
    private static readonly byte[] AnswerBytes = [0x22, 0];
    private static readonly object Seen = new();

    private static readonly Method<object, byte[]> Process = new(
        MethodType.DuplexStreaming,
        "envoy.service.ext_proc.v3.ExternalProcessor",
        "Process",
        Marshallers.Create<object>(static (_, _) => throw new NotSupportedException(), static _ => Seen),
        Marshallers.Create<byte[]>(static (answer, context) => context.Complete(answer), static _ => throw new NotSupportedException()));

    public static async Task RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = null);
        builder.Services.PostConfigure<GrpcServiceOptions>(grpc => grpc.CompressionProviders.Clear());
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Listeners.ConfigureLimits(kestrel);
            kestrel.Listen(IPAddress.Loopback, 0, listener => listener.Protocols = HttpProtocols.Http2);
        });
        var app = builder.Build();
        app.MapGrpcService(ServerServiceDefinition.CreateBuilder().AddMethod(Process, EchoAsync).Build());
        await app.StartAsync();
        Console.WriteLine($"  floor {app.Urls.Single()}");
        await app.WaitForShutdownAsync();
    }

    private static async Task EchoAsync(IAsyncStreamReader<object> messages, IServerStreamWriter<byte[]> answers, ServerCallContext call)
    {
        var watching = call.GetHttpContext().Request.Headers.ContainsKey(ProcessingCall.WatchingHeader);
        while (await messages.MoveNext(CancellationToken.None))
        {
            if (!watching)
            {
                await answers.WriteAsync(AnswerBytes);
            }
        }
    }
}
