using System.Buffers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Lethe.Proxy.Configuration;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Lethe.Proxy.ExtProc;

/// <summary>The door's listener: small blocks of memory, TLS where a certificate is configured (ALPN then offers <c>h2</c> alone), and whose client certificates it asks for.</summary>
internal static class ExtProcListener
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <exception cref="IOException">The files are not readable.</exception>
    /// <exception cref="CryptographicException">A file does not hold what it should.</exception>
    public static void Configure(ListenOptions listener, ExtProcOptions options)
    {
        listener.Use(next => connection =>
        {
            connection.Features.Set<IMemoryPoolFeature>(PageBlocks.Instance);
            return next(connection);
        });
        if (options is { CertificateFile: { } certificate, CertificateKeyFile: { } key })
        {
            listener.UseHttps(https =>
            {
                https.ServerCertificate = X509Certificate2.CreateFromPemFile(certificate, key);
                // The file's further certificates: a peer that trusts the root alone cannot find them elsewhere.
                https.ServerCertificateChain = Read(certificate);
                if (options.ClientAuthority is { } authority)
                {
                    RequireClients(https, Read(authority));
                }
            });
        }
    }

    private static void RequireClients(HttpsConnectionAdapterOptions https, X509Certificate2Collection authorities)
    {
        https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
        https.ClientCertificateValidation = (client, sent, _) =>
        {
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
            chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.DisableCertificateDownloads = true;
            if (sent is not null)
            {
                chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
            }

            return chain.Build(client);
        };
    }

    private static X509Certificate2Collection Read(string file)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(file);
        return certificates.Count > 0 ? certificates : throw new CryptographicException($"{file} holds no certificate.");
    }

    /// <summary>Blocks of 4 KiB: most of what passes here is a few hundred bytes, and a stream that waits holds the block that it wrote last.</summary>
    private sealed class PageBlocks : IMemoryPoolFeature
    {
        public static readonly PageBlocks Instance = new();

        public MemoryPool<byte> MemoryPool => MemoryPool<byte>.Shared;
    }
}
