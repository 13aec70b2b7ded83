import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Kafka's own client as a peer of tests, on partition 0 of a topic. Run from its source: java -cp 'jars/*' JavaClient.java …
 *
 * write BROKER TOPIC COMPRESSION: lines of "key TAB value" from standard input become records, "NULL" a null value.
 * transact BROKER TOPIC COMPRESSION: the same, a transaction a line.
 * read BROKER TOPIC COUNT: prints the values of the first COUNT records.
 */
class JavaClient {
  public static void main(String[] args) throws Exception {
    if (args[0].equals("read")) read(args[1], args[2], Integer.parseInt(args[3]));
    else write(args[1], args[2], args[3], args[0].equals("transact"));
  }

  static void write(String broker, String topic, String compression, boolean transact) throws Exception {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", broker);
    settings.put("compression.type", compression);
    settings.put("linger.ms", "50");
    settings.put("batch.size", "60000");
    if (transact) settings.put("transactional.id", topic);
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
      if (transact) producer.initTransactions();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] parts = line.split("\t", 2);
        if (transact) producer.beginTransaction();
        producer.send(new ProducerRecord<>(topic, 0, parts[0], parts[1].equals("NULL") ? null : parts[1]));
        if (transact) producer.commitTransaction();
      }
    }
  }

  static void read(String broker, String topic, int count) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", broker);
    try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
      var partition = List.of(new TopicPartition(topic, 0));
      consumer.assign(partition);
      consumer.seekToBeginning(partition);
      for (int read = 0; read < count; ) {
        for (var record : consumer.poll(Duration.ofSeconds(1))) {
          System.out.println(record.value());
          read++;
        }
      }
    }
  }
}
