using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Lethe.Proxy.Benchmarks;

/// <summary>A PostgreSQL server of Debian's package on a free loopback port; root runs it as the package's user, for it refuses to run as root.</summary>
internal sealed class PostgresUnderTest : IDisposable
{
    private const string Programs = "/usr/lib/postgresql/15/bin";
    private const string PackageUser = "postgres";
    private const string Database = "lethe";

    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(60);

    private readonly string data;
    private readonly int port = FreePort();

    private PostgresUnderTest(string data) => this.data = data;

    public string ConnectionString => ConnectionTo(Database);

    /// <summary>Starts one over a directory, made where it is not there yet.</summary>
    public static PostgresUnderTest Start(string directory)
    {
        var server = new PostgresUnderTest(Path.Combine(directory, "data"));
        var isNew = !Directory.Exists(server.data);
        if (isNew)
        {
            Directory.CreateDirectory(directory);
            if (Environment.IsPrivilegedProcess)
            {
                Run(new ProcessStartInfo("chown", [PackageUser, directory]));
            }

            Run(AsUser("initdb", "-D", server.data, "-U", "lethe", "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8"));
        }

        var options = $"-p {server.port} -k {directory} -c listen_addresses=127.0.0.1 -c shared_buffers=1GB -c max_wal_size=16GB -c checkpoint_timeout=30min -c wal_level=minimal -c max_wal_senders=0";
        Run(AsUser("pg_ctl", "start", "-D", server.data, "-w", "-t", $"{StartMax.TotalSeconds}", "-l", Path.Combine(directory, "log"), "-o", options));
        if (isNew)
        {
            server.Create(Database);
        }

        return server;
    }

    public void Create(string database) => Execute($"CREATE DATABASE {database}");

    /// <summary>A database with all that is in another, to which nobody is connected; its name.</summary>
    public string Copy(string database)
    {
        Execute($"CREATE DATABASE {database}_copy TEMPLATE {database}");
        return database + "_copy";
    }

    /// <summary>Lets the package's user come to what lies in a directory.</summary>
    public static void LetPass(string directory)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(directory, File.GetUnixFileMode(directory) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }
    }

    public void Dispose() => Run(AsUser("pg_ctl", "stop", "-D", data, "-m", "fast", "-w", "-t", "300"));

    public string ConnectionTo(string database) => $"Host=127.0.0.1;Port={port};Username=lethe;Database={database};Command Timeout=600";

    private void Execute(string sql)
    {
        using var connection = new NpgsqlConnection(ConnectionTo("postgres") + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static ProcessStartInfo AsUser(string program, params string[] arguments)
    {
        string[] user = Environment.IsPrivilegedProcess ? [$"--reuid={PackageUser}", $"--regid={PackageUser}", "--clear-groups"] : [];
        return new ProcessStartInfo("setpriv", [.. user, Path.Combine(Programs, program), .. arguments]) { WorkingDirectory = Path.GetTempPath() };
    }

    // Its output goes to the null device: a server that it leaves behind would hold a pipe open.
    private static void Run(ProcessStartInfo start)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", "exec \"$@\" >/dev/null 2>&1", "sh", start.FileName, .. start.ArgumentList]) { WorkingDirectory = start.WorkingDirectory })!;
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{start.FileName} {string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}.");
        }
    }
}
