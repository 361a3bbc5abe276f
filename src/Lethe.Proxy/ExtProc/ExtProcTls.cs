using System.Security.Cryptography.X509Certificates;
using Lethe.Proxy.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Lethe.Proxy.ExtProc;

/// <summary>TLS for the door, where a certificate is configured; ALPN then offers <c>h2</c> alone.</summary>
internal static class ExtProcTls
{
    /// <exception cref="IOException">The files are not readable.</exception>
    public static void Use(ListenOptions listener, ExtProcOptions options)
    {
        if (options is { CertificateFile: { } certificate, CertificateKeyFile: { } key })
        {
            listener.UseHttps(X509Certificate2.CreateFromPemFile(certificate, key));
        }
    }
}
