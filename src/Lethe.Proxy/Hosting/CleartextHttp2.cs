using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Lethe.Proxy.Hosting;

/// <summary>
/// HTTP/1.1 and HTTP/2 with prior knowledge (RFC 9113 §3.3) on one port without TLS. Kestrel takes such a connection for HTTP/1.1
/// unless ALPN said otherwise, so the first bytes are looked at here, and a connection preface counts as what ALPN would have said.
/// </summary>
internal static class CleartextHttp2
{
    /// <summary>As long as Kestrel would wait for a first request.</summary>
    private static readonly TimeSpan FirstByteWaitMax = TimeSpan.FromSeconds(130);

    /// <summary>No HTTP/1.1 method begins like the preface's first four bytes.</summary>
    private static ReadOnlySpan<byte> PrefaceStart => "PRI "u8;

    public static async Task DetectAsync(ConnectionContext connection, ConnectionDelegate http2, ConnectionDelegate http1)
    {
        using var waitMax = new CancellationTokenSource(FirstByteWaitMax);
        var closing = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(waitMax.Token, closing);
        bool isHttp2;
        try
        {
            isHttp2 = await BeginsWithPrefaceAsync(connection, waiting.Token);
        }
        catch (Exception ended) when (ended is OperationCanceledException or ConnectionResetException or ConnectionAbortedException)
        {
            // Nobody spoke: there is no request to answer.
            return;
        }

        if (!isHttp2)
        {
            await http1(connection);
            return;
        }

        connection.Features.Set<ITlsConnectionFeature>(AgreedHttp2.Instance);
        connection.Features.Set<ITlsApplicationProtocolFeature>(AgreedHttp2.Instance);
        await http2(connection);
    }

    private static async Task<bool> BeginsWithPrefaceAsync(ConnectionContext connection, CancellationToken cancellation)
    {
        var input = connection.Transport.Input;
        while (true)
        {
            var read = await input.ReadAsync(cancellation);
            var seen = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, PrefaceStart.Length)).ToArray();
            var matches = PrefaceStart.StartsWith(seen);
            var decided = !matches || seen.Length == PrefaceStart.Length || read.IsCompleted;
            input.AdvanceTo(read.Buffer.Start, decided ? read.Buffer.Start : read.Buffer.End);
            if (decided)
            {
                return matches && seen.Length == PrefaceStart.Length;
            }
        }
    }

    private sealed class AgreedHttp2 : ITlsConnectionFeature, ITlsApplicationProtocolFeature
    {
        public static readonly AgreedHttp2 Instance = new();

        private static readonly byte[] H2 = "h2"u8.ToArray();

        public ReadOnlyMemory<byte> ApplicationProtocol => H2;

        public X509Certificate2? ClientCertificate
        {
            get => null;
            set => throw new NotSupportedException("There is no TLS on this connection.");
        }

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult<X509Certificate2?>(null);
    }
}
