using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>A root, an intermediate authority below it, and what that one signed: a server and a client. In files as an operator has them.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("lethe-tls-");
    private readonly DateTimeOffset now = DateTimeOffset.UtcNow;
    private readonly X509Certificate2 root;

    public TestAuthority()
    {
        root = Sign("CN=root", null, null);
        Intermediate = Sign("CN=intermediate", root, null);
        Server = Sign("CN=localhost", Intermediate, ServerAuthentication);
        Client = Sign("CN=envoy", Intermediate, ClientAuthentication);
        File.WriteAllText(RootFile, root.ExportCertificatePem());
        File.WriteAllText(ServerFile, Server.ExportCertificatePem() + "\n" + Intermediate.ExportCertificatePem());
        File.WriteAllText(ServerKeyFile, Server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }

    public X509Certificate2 Intermediate { get; }

    public X509Certificate2 Server { get; }

    public X509Certificate2 Client { get; }

    /// <summary>As a client shows it, with what leads to the root.</summary>
    public SslStreamCertificateContext Shown(X509Certificate2 certificate) => SslStreamCertificateContext.Create(certificate, [Intermediate], offline: true);

    public string RootFile => Path.Combine(folder.FullName, "root.pem");

    public string ServerFile => Path.Combine(folder.FullName, "server.pem");

    public string ServerKeyFile => Path.Combine(folder.FullName, "server.key");

    public void Dispose()
    {
        foreach (var certificate in (X509Certificate2[])[root, Intermediate, Server, Client])
        {
            certificate.Dispose();
        }

        folder.Delete(recursive: true);
    }

    private X509Certificate2 Sign(string name, X509Certificate2? issuer, string? use)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(use is null, false, 0, true));
        if (use is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], true));
        }

        var (from, to) = (now.AddDays(-1), now.AddDays(1));
        if (issuer is null)
        {
            return request.CreateSelfSigned(from, to);
        }

        using var certificate = request.Create(issuer, from, to, RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }
}
