using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Lethe.Ingest.Tests.Postgres;

/// <summary>
/// A PostgreSQL server of its own on a free loopback port, in a directory of its own; goes with the process that started it. Debian's package has
/// the programs; they refuse to run as root, so root runs them as the package's user.
/// </summary>
internal sealed class PostgresServer : IDisposable
{
    private const string Programs = "/usr/lib/postgresql/15/bin";
    private const string PackageUser = "postgres";
    private const string Role = "lethe";

    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(60);
    private static readonly Lazy<PostgresServer> SharedServer = new(Start);

    /// <summary>Told to, the directory is left for another start.</summary>
    private const string Keep = "keep";

    /// <summary>The server lives as long as somebody holds the other end of the input, whatever becomes of that one.</summary>
    private const string Watch = """
        directory=$1; shift
        "$@" & server=$!
        read -r word
        kill -QUIT $server 2>/dev/null
        wait $server
        [ "$word" = keep ] || rm -rf "$directory"
        """;

    private readonly string directory;
    private readonly int port;
    private Process? watch;

    private PostgresServer(string directory, int port)
    {
        this.directory = directory;
        this.port = port;
    }

    /// <summary>The one that tests share; they have databases of their own in it.</summary>
    public static PostgresServer Shared => SharedServer.Value;

    private string Data => Path.Combine(directory, "data");

    public static PostgresServer Start()
    {
        Assert.True(File.Exists(Path.Combine(Programs, "initdb")), "PostgreSQL 15 is not here: run scripts/install-test-needs.");
        var server = new PostgresServer(NewDirectory(), FreePort());
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.Dispose();
        Run(AsUser(Path.Combine(Programs, "initdb"), "-D", server.Data, "-U", Role, "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8"));
        server.Begin();
        return server;
    }

    public string ConnectionString(string database) =>
        $"Host=127.0.0.1;Port={port};Username={Role};Database={database};Timeout=5;Command Timeout=60;Maximum Pool Size=20";

    public void Create(string database)
    {
        using var connection = new NpgsqlConnection(ConnectionString("postgres") + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand($"CREATE DATABASE {database}", connection);
        command.ExecuteNonQuery();
    }

    /// <summary>Starts it again, in the state in which it was left.</summary>
    public void Begin()
    {
        var start = AsUser(
            "sh", "-c", Watch, "watch", directory, Path.Combine(Programs, "postgres"), "-D", Data, "-p", $"{port}", "-k", directory, "-c", "listen_addresses=127.0.0.1",
            // The disk is not what is tested: what a process has handed over outlives the process.
            "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=64MB", "-c", "max_connections=60", "-c", "autovacuum=off");
        start.RedirectStandardInput = true;
        watch = Process.Start(start)!;
        watch.OutputDataReceived += (_, _) => { };
        watch.ErrorDataReceived += (_, _) => { };
        watch.BeginOutputReadLine();
        watch.BeginErrorReadLine();
        var began = Stopwatch.GetTimestamp();
        while (!Answers())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < StartMax, "PostgreSQL did not start.");
        }
    }

    /// <summary>An orderly stop: connections are cut, what was committed is kept.</summary>
    public void Stop()
    {
        Run(AsUser(Path.Combine(Programs, "pg_ctl"), "stop", "-D", Data, "-m", "fast", "-w"));
        LetGo(Keep);
    }

    /// <summary>Kills the postmaster; what it had begun dies with it.</summary>
    public void Kill()
    {
        var postmaster = int.Parse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).First(), CultureInfo.InvariantCulture);
        using (var process = Process.GetProcessById(postmaster))
        {
            process.Kill();
        }

        LetGo(Keep);
    }

    public void Dispose() => LetGo("");

    // Its children notice by themselves when it is gone, and another one begins only then.
    private void LetGo(string word)
    {
        if (watch is { HasExited: false })
        {
            watch.StandardInput.WriteLine(word);
            watch.StandardInput.Close();
            watch.WaitForExit();
        }
    }

    private bool Answers()
    {
        try
        {
            using var connection = new NpgsqlConnection(ConnectionString("postgres") + ";Pooling=false");
            connection.Open();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static string NewDirectory()
    {
        var directory = Directory.CreateTempSubdirectory("lethe-postgres-").FullName;
        if (Environment.IsPrivilegedProcess)
        {
            Run(new ProcessStartInfo("chown", [PackageUser, directory]));
        }

        return directory;
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
        return new ProcessStartInfo("setpriv", [.. user, program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
    }

    private static void Run(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{start.FileName} {string.Join(' ', start.ArgumentList)}: {error} {output.Result}");
    }
}
