using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using Lethe.Capture.Decoding.Wire;
using Lethe.Proxy.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Lethe.Proxy.Benchmarks;

/// <summary>The Envoy door's lower floor: gRPC messages on bare Kestrel, framed by hand, each answered with a constant frame of the same size, none looked into or kept.</summary>
internal static class GrpcOnKestrel
{
    private static ReadOnlySpan<byte> Answer => [0, 0, 0, 0, 2, 0x22, 0];

    public static async Task RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Listeners.ConfigureLimits(kestrel);
            kestrel.Listen(IPAddress.Loopback, 0, listener => listener.Protocols = HttpProtocols.Http2);
        });
        var app = builder.Build();
        app.Run(EchoAsync);
        await app.StartAsync();
        Console.WriteLine($"  floor {app.Urls.Single()}");
        await app.WaitForShutdownAsync();
    }

    private static async Task EchoAsync(HttpContext context)
    {
        context.Response.ContentType = "application/grpc";
        var watching = context.Request.Headers.ContainsKey(ProcessingCall.WatchingHeader);
        var (input, output) = (context.Request.BodyReader, context.Response.BodyWriter);
        while (true)
        {
            var read = await input.ReadAsync();
            var rest = read.Buffer;
            var messages = 0;
            while (TrySkip(ref rest))
            {
                messages++;
                if (!watching)
                {
                    output.Write(Answer);
                }
            }

            if (messages > 0 && !watching)
            {
                await output.FlushAsync();
            }

            input.AdvanceTo(rest.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                context.Response.AppendTrailer("grpc-status", "0");
                return;
            }
        }
    }

    private static bool TrySkip(ref ReadOnlySequence<byte> frames)
    {
        Span<byte> prefix = stackalloc byte[5];
        if (frames.Length < prefix.Length)
        {
            return false;
        }

        frames.Slice(0, prefix.Length).CopyTo(prefix);
        var length = prefix.Length + BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        if (frames.Length < length)
        {
            return false;
        }

        frames = frames.Slice(length);
        return true;
    }
}
